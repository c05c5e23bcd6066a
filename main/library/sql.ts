/** Every statement of the library; the tables are in migrations.ts. */

const SERIES = `
  SELECT s.id, s.source, s.facts, s.added_at, s.opened_at,
    CASE WHEN s.thumbnail IS NULL THEN NULL ELSE s.thumbnail_version END AS thumbnail_version,
    (SELECT r.id FROM run r WHERE r.series_id = s.id AND r.status = 'done'
      ORDER BY r.finished_at DESC, r.seq DESC LIMIT 1) AS latest_run_id,
    EXISTS (SELECT 1 FROM review_finished f JOIN run r ON r.id = f.run_id WHERE r.series_id = s.id) AS reviewed
  FROM series s`

const RUN = `
  SELECT id, series_id, model, package_hash, device_requested, status, device, error, warnings, created_at,
    started_at, finished_at
  FROM run`

export const SQL = {
  listSeries: `${SERIES} ORDER BY s.seq DESC`,
  getSeries: `${SERIES} WHERE s.id = :id`,
  seriesOfSource: 'SELECT id FROM series WHERE source_key = :sourceKey',
  insertSeries: `
    INSERT INTO series (id, source_key, source, facts, added_at)
    VALUES (:id, :sourceKey, :source, :facts, :now)`,
  updateSeries: 'UPDATE series SET source = :source, facts = :facts WHERE id = :id',
  markOpened: 'UPDATE series SET opened_at = :now WHERE id = :id',
  setThumbnail: `
    UPDATE series SET thumbnail = :png, thumbnail_version = thumbnail_version + 1 WHERE id = :id`,
  getThumbnail: 'SELECT thumbnail FROM series WHERE id = :id',
  removeSeries: 'DELETE FROM series WHERE id = :id',

  insertRun: `
    INSERT INTO run (id, series_id, model, package_hash, device_requested, status, created_at)
    VALUES (:id, :seriesId, :model, :packageHash, :deviceRequested, 'queued', :now)`,
  updateRun: `
    UPDATE run SET status = :status, device = :device, error = :error, warnings = :warnings, record = :record,
      started_at = :startedAt, finished_at = :finishedAt
    WHERE id = :id`,
  getRun: `${RUN} WHERE id = :id`,
  runRecord: 'SELECT record FROM run WHERE id = :id',
  listRuns: `${RUN} ORDER BY seq DESC`,
  listRunsOfSeries: `${RUN} WHERE series_id = :seriesId ORDER BY seq DESC`,
  interruptRuns: `UPDATE run SET status = 'interrupted', error = :error, finished_at = :now WHERE status = 'running'`,

  getReviews: 'SELECT record FROM review WHERE run_id = :runId ORDER BY rowid',
  putReview: `
    INSERT INTO review (run_id, key, record) VALUES (:runId, :key, :record)
    ON CONFLICT (run_id, key) DO UPDATE SET record = excluded.record`,
  removeReview: 'DELETE FROM review WHERE run_id = :runId AND key = :key',
  isReviewFinished: 'SELECT 1 FROM review_finished WHERE run_id = :runId',
  finishReview: `
    INSERT INTO review_finished (run_id, finished_at) VALUES (:runId, :now) ON CONFLICT (run_id) DO NOTHING`,
  reopenReview: 'DELETE FROM review_finished WHERE run_id = :runId',

  getMeasurements: 'SELECT record FROM measurement WHERE series_id = :seriesId ORDER BY rowid',
  putMeasurement: `
    INSERT INTO measurement (series_id, id, record) VALUES (:seriesId, :id, :record)
    ON CONFLICT (series_id, id) DO UPDATE SET record = excluded.record`,
  removeMeasurement: 'DELETE FROM measurement WHERE series_id = :seriesId AND id = :id',

  labels: 'SELECT labels FROM label_list',
  setLabels: `
    INSERT INTO label_list (only_one, labels) VALUES (1, :labels)
    ON CONFLICT (only_one) DO UPDATE SET labels = excluded.labels`,
  settings: 'SELECT key, value FROM setting ORDER BY key',
  setSetting: `
    INSERT INTO setting (key, value) VALUES (:key, :value)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
} as const
