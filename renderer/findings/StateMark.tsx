import { IconCircleCheck, IconCircleDashed, IconCircleX, IconHelpCircle } from '@tabler/icons-react'
import type { ReviewState } from '../../preload/records.ts'

const ICONS = {
  unreviewed: IconCircleDashed,
  uncertain: IconHelpCircle,
  confirmed: IconCircleCheck,
  'false-positive': IconCircleX,
} as const satisfies Record<ReviewState, unknown>

const COLOURS: Readonly<Record<ReviewState, string>> = {
  unreviewed: 'var(--mantine-color-dimmed)',
  uncertain: 'var(--caution)',
  confirmed: 'var(--good)',
  'false-positive': 'var(--bad)',
}

export function stateColour(state: ReviewState): string {
  return COLOURS[state]
}

/** A shape of its own for every state; its words stand beside it. */
export function StateIcon({ state, size = 16 }: { state: ReviewState; size?: number }) {
  const Icon = ICONS[state]
  return <Icon size={size} color={COLOURS[state]} aria-hidden style={{ flex: 'none' }} />
}
