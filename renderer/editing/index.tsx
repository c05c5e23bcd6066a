import { Button, Group, NumberInput, SegmentedControl, Slider, Stack, Text, Tooltip } from '@mantine/core'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { registerCommands } from '../commands/registry.ts'
import { measureRegion } from '../findings/measure.ts'
import { regionOfFinding } from '../findings/region.ts'
import { t as translate } from '../i18n/index.ts'
import { notify, notifyError } from '../shell/notify.tsx'
import { useReview } from '../state/review.ts'
import { useSession } from '../state/session.ts'
import { EDITING_TOOLS, setView, type Tool, useView } from '../state/view.ts'
import { drawNew, editingCommands, undoSelected } from './commands.ts'
import styles from './EditingPanel.module.css'
import { addEditingLayer } from './layer.ts'
import { EditingRefusal } from './outline.ts'
import { RADIUS_MM, setEditing, useEditing } from './state.ts'
import { addEditingTools, interpolateOutline } from './tools.ts'

/** Says why an outline was not changed. */
function report(error: unknown): void {
  if (error instanceof EditingRefusal) notify(translate('editing.title'), translate(error.key))
  else notifyError(translate('editing.title'), error)
}

/** Adds the drawing tools, their keys and what they draw; for as long as the window is there. */
export function useEditingTools(): void {
  useEffect(() => {
    const off = [addEditingTools(report), addEditingLayer(), registerCommands(editingCommands(report))]
    return () => {
      for (const end of off) end()
    }
  }, [])
}

/** Settings of the drawing tools, shown while one of them is chosen. */
export function EditingPanel() {
  const { t } = useTranslation()
  const tool = useView((view) => view.tool)
  const result = useSession((session) => session.result)
  const { radiusMm, shape } = useEditing()
  const selectedKey = useReview((review) => review.selectedKey)
  if (!result || !EDITING_TOOLS.includes(tool)) return null
  const target = selectedKey === null ? 'new' : selectedKey.startsWith('drawn-') ? 'drawn' : 'machine'
  return (
    <section className={styles.panel} aria-label={t('editing.title')}>
      <Stack gap={5}>
        <Group justify="space-between" wrap="nowrap">
          <Text fw={600}>{t('editing.title')}</Text>
          <Button size="compact-xs" variant="subtle" onClick={() => setView({ tool: 'crosshair' })}>
            {t('editing.done')}
          </Button>
        </Group>
        <Text size="xs" c="dimmed" aria-live="polite">
          {t(`editing.target.${target}`)}
        </Text>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={t('editing.tool')}
          value={tool}
          onChange={(value) => setView({ tool: value as Tool })}
          data={EDITING_TOOLS.map((value) => ({ value, label: t(`editing.tool.${value}`) }))}
        />
        {tool === 'fill' ? (
          <Text size="xs">{t('editing.fill.hint')}</Text>
        ) : (
          <>
            <div>
              <Group justify="space-between">
                <Text size="xs">{t('editing.radius')}</Text>
                <Text size="xs" className={styles.number}>
                  {t('editing.radius.value', { mm: radiusMm.toFixed(1) })}
                </Text>
              </Group>
              <Slider
                size="sm"
                label={null}
                thumbLabel={t('editing.radius')}
                min={RADIUS_MM.min}
                max={RADIUS_MM.max}
                step={0.5}
                value={radiusMm}
                onChange={(value) => setEditing({ radiusMm: value })}
              />
            </div>
            <SegmentedControl
              fullWidth
              size="xs"
              aria-label={t('editing.shape')}
              value={shape}
              onChange={(value) => setEditing({ shape: value as 'disc' | 'ball' })}
              data={(['disc', 'ball'] as const).map((value) => ({
                value,
                label: t(`editing.shape.${value}`),
              }))}
            />
          </>
        )}
        {tool === 'threshold-brush' && <Limit />}
        <Group gap={6} grow>
          <Button size="compact-xs" variant="default" onClick={drawNew}>
            {t('editing.new')}
          </Button>
          <Tooltip label={t('editing.interpolate.hint')}>
            <Button
              size="compact-xs"
              variant="default"
              disabled={selectedKey === null}
              onClick={() => interpolateOutline().catch(report)}
            >
              {t('editing.interpolate')}
            </Button>
          </Tooltip>
          <Tooltip label={t('editing.undoFinding.hint')}>
            <Button
              size="compact-xs"
              variant="default"
              disabled={selectedKey === null}
              onClick={() => undoSelected().catch(report)}
            >
              {t('editing.undoFinding')}
            </Button>
          </Tooltip>
        </Group>
      </Stack>
    </section>
  )
}

/** What the threshold brush may add. */
function Limit() {
  const { t } = useTranslation()
  const { limit, lowHu, highHu } = useEditing()
  const selectedKey = useReview((review) => review.selectedKey)
  return (
    <Stack gap={6}>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={t('editing.limit')}
        value={limit}
        onChange={(value) => setEditing({ limit: value as 'hu' | 'level' })}
        data={(['hu', 'level'] as const).map((value) => ({ value, label: t(`editing.limit.${value}`) }))}
      />
      {limit === 'hu' && (
        <Group gap={6} wrap="nowrap" align="flex-end">
          <NumberInput
            size="xs"
            label={t('editing.lowHu')}
            value={lowHu}
            max={highHu}
            onChange={(value) => typeof value === 'number' && setEditing({ lowHu: value })}
          />
          <NumberInput
            size="xs"
            label={t('editing.highHu')}
            value={highHu}
            min={lowHu}
            onChange={(value) => typeof value === 'number' && setEditing({ highHu: value })}
          />
          <Tooltip label={t('editing.huOfFinding.hint')}>
            <Button
              variant="default"
              px={8}
              style={{ flexShrink: 0 }}
              disabled={selectedKey === null}
              onClick={() => selectedKey && takeHuOf(selectedKey)}
            >
              {t('editing.huOfFinding')}
            </Button>
          </Tooltip>
        </Group>
      )}
    </Stack>
  )
}

/** Sets the range of HU to what the finding mostly consists of. */
function takeHuOf(key: string): void {
  const { scan, result } = useSession.getState()
  const region = regionOfFinding(key)
  if (!scan || !result || !region) return
  const { grid, voxels } = scan
  const { huMean, huSd } = measureRegion(region, {
    grid,
    voxels,
    stepMap: result.stepMap,
    steps: result.tree.steps,
  })
  setEditing({ lowHu: Math.round(huMean - 2 * huSd), highHu: Math.round(huMean + 2 * huSd) })
}
