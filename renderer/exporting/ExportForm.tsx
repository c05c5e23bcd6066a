import { Alert, Button, Checkbox, Fieldset, Group, Radio, SimpleGrid, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconFolder } from '@tabler/icons-react'
import { useMemo } from 'react'
import { z } from 'zod'
import { type ErrorRecord, ExportFormat } from '../../preload/records.ts'
import { currentFindings } from '../findings/current.ts'
import { t } from '../i18n/index.ts'
import { showDetails } from '../shell/Details.tsx'
import { setSetting, useSettings } from '../shell/settings.ts'
import { thresholdLevel, useOverlay } from '../state/overlay.ts'
import type { OpenResult, OpenScan } from '../state/session.ts'
import { levelWords } from '../words/level.ts'
import { FORMATS, formatObstacle, INCLUSIONS, includedFindings, possibleFormats } from './request.ts'
import { rememberTarget, useTargetFolder } from './targetFolder.ts'
import { startExport, useExport } from './useExport.ts'

const CHOICES_SETTING = 'export.choices'
const Choices = z.object({ formats: z.array(ExportFormat), inclusion: z.enum(INCLUSIONS) })
const FIRST: z.infer<typeof Choices> = { formats: ['mask', 'csv', 'json'], inclusion: 'confirmed-uncertain' }

interface Props {
  scan: OpenScan
  result: OpenResult
  error: ErrorRecord | null
}

export function ExportForm({ scan, result, error }: Props) {
  const kept = useSettings(({ values }) => values[CHOICES_SETTING])
  const choices = useMemo(() => Choices.safeParse(kept).data ?? FIRST, [kept])
  const overlay = useOverlay()
  const { folder, change } = useTargetFolder()
  const findings = currentFindings()
  const included = includedFindings(findings, choices.inclusion)
  const formats = possibleFormats(choices.formats, scan.series)
  const level = thresholdLevel(overlay)
  const set = (changed: Partial<typeof choices>) => setSetting(CHOICES_SETTING, { ...choices, ...changed })

  const start = async () => {
    if (!folder) return
    await startExport(scan, result, { ...choices, folder: folder.handle }, included)
    const { phase } = useExport.getState()
    if (phase.name === 'written') rememberTarget(phase.result.path)
  }

  return (
    <Stack gap="sm">
      {error ? (
        <Alert color="red" p="xs" icon={<IconAlertTriangle size={16} aria-hidden />}>
          <Group justify="space-between">
            {error.message}
            {error.detail ? (
              <Button
                size="compact-xs"
                variant="default"
                onClick={() => showDetails({ title: t('export.failed'), error })}
              >
                {t('details.show')}
              </Button>
            ) : null}
          </Group>
        </Alert>
      ) : null}
      <Fieldset legend={t('export.formats')} p="sm">
        <SimpleGrid cols={2} spacing="xs" verticalSpacing={8}>
          {FORMATS.map((format, index) => {
            const obstacle = formatObstacle(format, scan.series)
            return (
              <Checkbox
                key={format}
                data-autofocus={index === 0 || undefined}
                label={t(`format.${format}`)}
                description={t(obstacle ?? `format.${format}.hint`)}
                disabled={obstacle !== null}
                checked={formats.includes(format)}
                onChange={({ currentTarget: { checked } }) =>
                  set({
                    formats: FORMATS.filter((one) =>
                      one === format ? checked : choices.formats.includes(one),
                    ),
                  })
                }
              />
            )
          })}
        </SimpleGrid>
      </Fieldset>
      <Radio.Group
        value={choices.inclusion}
        onChange={(inclusion) => set({ inclusion: inclusion as (typeof INCLUSIONS)[number] })}
        label={t('export.inclusion')}
      >
        <Stack gap={6} mt={6}>
          {INCLUSIONS.map((one) => (
            <Radio
              key={one}
              value={one}
              label={t(`inclusion.${one}`, { count: includedFindings(findings, one).length })}
            />
          ))}
        </Stack>
      </Radio.Group>
      <Group justify="space-between" wrap="nowrap">
        <Group gap={6} wrap="nowrap" miw={0}>
          <IconFolder size={16} aria-hidden style={{ flexShrink: 0 }} />
          <Text truncate {...(folder ? {} : { c: 'dimmed' })}>
            {folder ? t('export.into', { folder: folder.name }) : t('export.noFolder')}
          </Text>
        </Group>
        <Button variant="default" onClick={change} style={{ flexShrink: 0 }}>
          {t('export.chooseFolder')}
        </Button>
      </Group>
      <Text c="dimmed" size="xs">
        {t('export.summary', {
          rarity: levelWords(level ?? null),
          volume: overlay.minVolumeMl.toFixed(2),
          model: `${result.run.model.title} ${result.run.model.version}`,
        })}
      </Text>
      {included.length === 0 ? (
        <Text c="var(--caution)" size="xs" role="status">
          {t('export.noFindings')}
        </Text>
      ) : null}
      <Group justify="flex-end">
        <Button onClick={start} disabled={!folder || formats.length === 0}>
          {t('export.start', { count: included.length })}
        </Button>
      </Group>
    </Stack>
  )
}
