import { ActionIcon, NumberInput, Slider, Text, Title, Tooltip } from '@mantine/core'
import { IconChevronLeft, IconChevronRight, IconRestore } from '@tabler/icons-react'
import { memo, useEffect, useMemo } from 'react'
import { voxelVolumeMl } from '../../main/imaging/volume.ts'
import { registerCommands } from '../commands/registry.ts'
import { percentileWords, volumeWords } from '../findings/words.ts'
import { t } from '../i18n/index.ts'
import { setOverlay, useOverlay } from '../state/overlay.ts'
import { type OpenResult, useSession } from '../state/session.ts'
import { EDITING_TOOLS, useView } from '../state/view.ts'
import { levelWords } from '../words/level.ts'
import { AppearanceButton, VisibleButton } from './Appearance.tsx'
import { ColourBar } from './ColourBar.tsx'
import { moveThreshold, moveThresholdByKey, overlayCommands, resetThreshold } from './commands.ts'
import { setStepInFrame } from './frameStep.ts'
import { voxelsFrom } from './histogram.ts'
import { LevelHistogram } from './LevelHistogram.tsx'
import classes from './overlay.module.css'

/** The threshold and the look of the heat map. Once in the window, for it also brings the keys. */
export function ThresholdPanel() {
  useEffect(() => registerCommands(overlayCommands()), [])
  const result = useSession((s) => s.result)
  const drawing = useView((view) => EDITING_TOOLS.includes(view.tool))
  const hasScan = useSession((s) => s.scan !== null)
  const loading = useSession((s) => s.loading !== null)
  const hasSteps = useOverlay((s) => s.steps !== null)
  return (
    <section className={classes.panel} aria-label={t('threshold.title')} data-drawing={drawing || undefined}>
      {result && hasSteps ? (
        <>
          <Threshold result={result} />
          <ColourBar />
        </>
      ) : (
        <>
          <Title order={2}>{t('threshold.title')}</Title>
          <Text size="sm" c="dimmed">
            {t(loading ? 'threshold.loading' : hasScan ? 'threshold.none' : 'threshold.noScan')}
          </Text>
        </>
      )}
    </section>
  )
}

/** What is drawn again with every frame in which the threshold moves; the controls beside it stay as they are. */
function Threshold({ result: { tree } }: { result: OpenResult }) {
  const steps = useOverlay((s) => s.steps)
  const step = useOverlay((s) => s.step)
  const colourMap = useOverlay((s) => s.colourMap)
  const level = steps!.level[step - 1]
  const rarity = levelWords(level)
  const valueText = t('threshold.valueText', { rarity, percentile: percentileWords(level) })
  const shown = useMemo(() => voxelsFrom(tree.histogram, step) * voxelVolumeMl(tree), [tree, step])
  return (
    <>
      <div className={classes.head}>
        <Title order={2}>{t('threshold.title')}</Title>
        <span className={`${classes.dim} ${classes.push}`}>{percentileWords(level)}</span>
        <HeadButtons />
      </div>
      <span className={classes.value}>{rarity}</span>
      <LevelHistogram
        counts={tree.histogram}
        level={steps!.level}
        step={step}
        colourMap={colourMap}
        valueText={valueText}
      />
      <div className={classes.row}>
        <StepButton label={t('threshold.lower')} by={-1} />
        {/* Before the slider's own keys, which know no ten steps. */}
        <div className={classes.grow} onKeyDownCapture={moveThresholdByKey}>
          <Slider
            size="xs"
            thumbSize={14}
            thumbLabel={t('threshold.slider')}
            thumbValueText={valueText}
            label={null}
            min={1}
            max={steps!.level.length}
            value={step}
            onChange={setStepInFrame}
          />
        </div>
        <StepButton label={t('threshold.higher')} by={1} />
      </div>
      <div className={classes.row}>
        <SmallestFinding least={tree.minComponentMl} />
        <span className={`${classes.dim} ${classes.push}`} title={t('threshold.shown.hint')}>
          {t('threshold.shown', { volume: volumeWords(shown) })}
        </span>
      </div>
    </>
  )
}

const HeadButtons = memo(function HeadButtons() {
  return (
    <>
      <VisibleButton />
      <AppearanceButton />
      <Tooltip label={t('threshold.reset')}>
        <ActionIcon size={22} aria-label={t('threshold.reset')} onClick={resetThreshold}>
          <IconRestore size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </>
  )
})

/** @param least mL, of which the run has findings at all */
const SmallestFinding = memo(function SmallestFinding({ least }: { least: number }) {
  const minVolumeMl = useOverlay((s) => s.minVolumeMl)
  return (
    <>
      <label className={classes.dim} htmlFor="smallest-finding">
        {t('threshold.minVolume')}
      </label>
      <NumberInput
        id="smallest-finding"
        w={92}
        min={least}
        max={1000}
        step={0.1}
        decimalScale={2}
        suffix={t('threshold.minVolume.unit')}
        value={minVolumeMl}
        onChange={(value) => {
          if (typeof value === 'number') setOverlay({ minVolumeMl: Math.max(value, least) })
        }}
      />
    </>
  )
})

const StepButton = memo(function StepButton({ label, by }: { label: string; by: 1 | -1 }) {
  const Icon = by < 0 ? IconChevronLeft : IconChevronRight
  return (
    <Tooltip label={label}>
      <ActionIcon size={22} aria-label={label} onClick={() => moveThreshold(by)}>
        <Icon size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  )
})
