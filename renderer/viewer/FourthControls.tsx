import { NativeSelect, NumberInput, SegmentedControl } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { setView, useView, type ViewState } from '../state/view.ts'
import { PLANES } from './geometry/planes.ts'
import css from './viewer.module.css'

/** What the fourth pane shows, in its own corner. */
export function FourthControls() {
  const { t } = useTranslation()
  const fourthPane = useView((s) => s.fourthPane)
  const fourthPlane = useView((s) => s.fourthPlane)
  const thickness = useView((s) => s.fourthThicknessMm)
  return (
    <div className={css.fourth}>
      <SegmentedControl
        size="xs"
        aria-label={t('viewer.fourth')}
        value={fourthPane}
        onChange={(value) => setView({ fourthPane: value as ViewState['fourthPane'] })}
        data={(['slab', 'volume'] as const).map((value) => ({ value, label: t(`viewer.fourth.${value}`) }))}
      />
      {fourthPane === 'slab' && (
        <>
          <NativeSelect
            size="xs"
            aria-label={t('viewer.fourthPlane')}
            value={fourthPlane}
            onChange={(event) =>
              setView({ fourthPlane: event.currentTarget.value as ViewState['fourthPlane'] })
            }
            data={PLANES.map((value) => ({ value, label: t(`viewer.pane.${value}`) }))}
          />
          <NumberInput
            size="xs"
            w={84}
            aria-label={t('viewer.fourthThickness')}
            value={thickness}
            min={1}
            max={500}
            step={5}
            suffix={t('unit.mm', { value: '' })}
            onChange={(value) => {
              if (typeof value === 'number') setView({ fourthThicknessMm: value })
            }}
          />
        </>
      )}
    </div>
  )
}
