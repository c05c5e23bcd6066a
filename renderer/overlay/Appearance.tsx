import { Combobox, InputBase, SegmentedControl, Slider, Switch, Tooltip, useCombobox } from '@mantine/core'
import { t } from '../i18n/index.ts'
import { COLOUR_MAPS, type ColourMap, setOverlay, useOverlay } from '../state/overlay.ts'
import { ColourBar, gradient } from './ColourBar.tsx'
import classes from './overlay.module.css'

/** How the heat map is drawn. */
export function Appearance() {
  const { visible, blinking, opacity, style } = useOverlay()
  const percent = Math.round(opacity * 100)
  return (
    <>
      <div className={classes.row}>
        <Tooltip label={t('overlay.hold')}>
          <Switch
            size="xs"
            label={t('overlay.visible')}
            checked={visible}
            onChange={(event) => setOverlay({ visible: event.currentTarget.checked })}
          />
        </Tooltip>
        <Switch
          size="xs"
          label={t('overlay.blink')}
          checked={blinking}
          onChange={(event) => setOverlay({ blinking: event.currentTarget.checked })}
        />
        <SegmentedControl
          className={classes.push ?? ''}
          aria-label={t('overlay.style')}
          value={style}
          onChange={(value) => setOverlay({ style: value as 'fill' | 'outline' })}
          data={(['fill', 'outline'] as const).map((value) => ({
            value,
            label: t(`overlay.style.${value}`),
          }))}
        />
      </div>
      <div className={classes.row}>
        <ColourMapPicker />
        <span className={classes.dim}>{t('overlay.opacity')}</span>
        <Slider
          className={classes.grow ?? ''}
          size="xs"
          thumbSize={14}
          thumbLabel={t('overlay.opacity')}
          thumbValueText={(value) => t('overlay.opacity.value', { percent: value })}
          label={null}
          min={0}
          max={100}
          step={5}
          value={percent}
          onChange={(value) => setOverlay({ opacity: value / 100 })}
        />
        <span className={classes.dim}>{t('overlay.opacity.value', { percent })}</span>
      </div>
      <ColourBar />
    </>
  )
}

function ColourMapPicker() {
  const colourMap = useOverlay((s) => s.colourMap)
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() })
  return (
    <Combobox
      store={combobox}
      width={190}
      onOptionSubmit={(value) => {
        setOverlay({ colourMap: value as ColourMap })
        combobox.closeDropdown()
      }}
    >
      <Combobox.Target targetType="button">
        <InputBase
          component="button"
          type="button"
          size="xs"
          pointer
          w={96}
          aria-label={`${t('overlay.colourMap')}: ${t(`overlay.map.${colourMap}`)}`}
          rightSection={<Combobox.Chevron />}
          onClick={() => combobox.toggleDropdown()}
        >
          <Swatch map={colourMap} />
        </InputBase>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options aria-label={t('overlay.colourMap')}>
          {COLOUR_MAPS.map((map) => (
            <Combobox.Option key={map} value={map} active={map === colourMap}>
              <span className={classes.row}>
                <Swatch map={map} />
                {t(`overlay.map.${map}`)}
              </span>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
}

function Swatch({ map }: { map: ColourMap }) {
  return (
    <span
      className={classes.swatch}
      style={{ background: gradient(map), display: 'inline-block' }}
      aria-hidden
    />
  )
}
