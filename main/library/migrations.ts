import type { DatabaseSync } from 'node:sqlite'

/**
 * How the database came to be what it is: migration n (from 1) takes version n − 1 to n. Never edited once released,
 * only added to. `user_version` is the number of those that were applied.
 *
 * JSON columns hold what preload/records.ts describes; it is checked when it is read.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE series (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    source_key TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    facts TEXT NOT NULL,
    added_at TEXT NOT NULL,
    opened_at TEXT,
    thumbnail BLOB,
    thumbnail_version INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE run (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    series_id TEXT NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    package_hash TEXT NOT NULL,
    device_requested TEXT NOT NULL,
    status TEXT NOT NULL,
    device TEXT,
    error TEXT,
    warnings TEXT NOT NULL DEFAULT '[]',
    record TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT
  ) STRICT;
  CREATE INDEX run_series ON run (series_id, status);
  CREATE TRIGGER run_done_is_final BEFORE UPDATE ON run WHEN old.status = 'done'
    BEGIN SELECT RAISE(ABORT, 'a run that is done never changes'); END;

  CREATE TABLE review (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
  ) STRICT;

  -- What a review said before it was changed or removed. No reference to the run: it outlives it.
  CREATE TABLE review_history (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    record TEXT NOT NULL,
    replaced_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX review_history_of ON review_history (run_id, key);
  CREATE TRIGGER review_history_stays BEFORE DELETE ON review_history
    BEGIN SELECT RAISE(ABORT, 'earlier versions of a review are kept'); END;
  CREATE TRIGGER review_history_is_final BEFORE UPDATE ON review_history
    BEGIN SELECT RAISE(ABORT, 'earlier versions of a review never change'); END;
  CREATE TRIGGER review_replaced BEFORE UPDATE ON review WHEN old.record <> new.record
    BEGIN INSERT INTO review_history (run_id, key, record, replaced_at)
      VALUES (old.run_id, old.key, old.record, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')); END;
  CREATE TRIGGER review_removed BEFORE DELETE ON review
    BEGIN INSERT INTO review_history (run_id, key, record, replaced_at)
      VALUES (old.run_id, old.key, old.record, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')); END;

  CREATE TABLE review_finished (
    run_id TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    finished_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE label_list (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), labels TEXT NOT NULL) STRICT;
  CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `,
  `
  CREATE TABLE measurement (
    series_id TEXT NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (series_id, id)
  ) STRICT;
  `,
]

export const userVersion = (db: DatabaseSync): number =>
  Number(db.prepare('PRAGMA user_version').get()!.user_version)

/** Takes a database to the version of `migrations`, one transaction each, so that it stops between two if it must. */
export function migrate(db: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  for (let version = userVersion(db) + 1; version <= migrations.length; version++) {
    db.exec('BEGIN IMMEDIATE')
    try {
      db.exec(migrations[version - 1])
      db.exec(`PRAGMA user_version = ${version}`)
      db.exec('COMMIT')
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }
}
