import { Button, Group, Popover, Progress, Text, Title } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { memo, useEffect } from 'react'
import { t } from '../i18n/index.ts'
import type { OpenResult } from '../state/session.ts'
import { askToFinish, finishReview, goTo } from './actions.ts'
import { listedFindings } from './current.ts'
import classes from './findings.module.css'
import { setFindingsUi, useFindingsUi } from './findingsUi.ts'
import { nextToReview, reviewProgress } from './order.ts'
import type { ReviewFinding } from './reviewFindings.ts'

interface Props {
  findings: readonly ReviewFinding[]
  result: OpenResult
}

const setAsking = (askingToFinish: boolean) => setFindingsUi({ askingToFinish })

/** How far the review is, and its end. */
export function FindingsHeader({ findings, result }: Props) {
  const { reviewed, total } = reviewProgress(findings)
  const words = t('findings.count', { reviewed, total })
  return (
    <header className={classes.header}>
      <Title order={2}>{t('findings.title')}</Title>
      <span className={classes.count}>{words}</span>
      <FinishButton left={total - reviewed} result={result} />
      <Progress
        className={classes.progress ?? ''}
        value={total === 0 ? 0 : (100 * reviewed) / total}
        aria-label={t('findings.progress')}
      />
    </header>
  )
}

/** Not drawn again with the list, which follows the threshold. */
const FinishButton = memo(function FinishButton({ left, result }: { left: number; result: OpenResult }) {
  const asking = useFindingsUi((s) => s.askingToFinish)
  const finished = useFindingsUi((s) => s.finished.get(result.run.id)) ?? result.reviewFinished
  // Another run is on screen: the question was about the last one.
  useEffect(() => () => setAsking(false), [])
  if (finished)
    return (
      <Group gap={6} wrap="nowrap">
        <Text size="xs" className={classes.finished ?? ''}>
          <IconCheck size={14} aria-hidden /> {t('findings.finished')}
        </Text>
        <Button size="compact-xs" variant="subtle" onClick={() => finishReview(false)}>
          {t('findings.reopen')}
        </Button>
      </Group>
    )
  const finish = () => {
    setAsking(false)
    void finishReview(true)
  }
  const goOn = () => {
    setAsking(false)
    const next = nextToReview(listedFindings(), null)
    if (next) goTo(next)
  }
  return (
    <Popover opened={asking} onChange={setAsking} width={300} position="bottom-end" trapFocus withinPortal>
      <Popover.Target>
        <Button
          size="compact-xs"
          variant={left === 0 ? 'filled' : 'default'}
          onClick={() => (asking ? setAsking(false) : askToFinish())}
        >
          {t('findings.finish')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm" mb="sm">
          {t('findings.finish.left', { count: left })}
        </Text>
        <Group gap="xs" justify="flex-end">
          <Button variant="default" size="compact-sm" onClick={finish}>
            {t('findings.finish.anyway')}
          </Button>
          <Button size="compact-sm" onClick={goOn} data-autofocus>
            {t('findings.finish.next')}
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  )
})
