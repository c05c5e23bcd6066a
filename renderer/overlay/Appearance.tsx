import {
  ActionIcon,
  Combobox,
  InputBase,
  Popover,
  SegmentedControl,
  Slider,
  Switch,
  Tooltip,
  useCombobox,
} from '@mantine/core'
import { IconAdjustmentsHorizontal, IconEye, IconEyeOff } from '@tabler/icons-react'
import { t } from '../i18n/index.ts'
import { COLOUR_MAPS, type ColourMap, setOverlay, useOverlay } from '../state/overlay.ts'
import { gradient } from './ColourBar.tsx'
import classes from './overlay.module.css'

/** Shows and hides the heat map; holding `h` hides it for a moment. */
export function VisibleButton() {
  const visible = useOverlay((s) => s.visible)
  const Icon = visible ? IconEye : IconEyeOff
  return (
    <Tooltip label={`${t('overlay.visible')}. ${t('overlay.hold')}`}>
      <ActionIcon
        size={22}
        aria-label={t('overlay.visible')}
        aria-pressed={visible}
        onClick={() => setOverlay({ visible: !visible })}
      >
        <Icon size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  )
}

/** Opens how the heat map is drawn. */
export function AppearanceButton() {
  return (
    <Popover width={300} position="bottom-end" trapFocus withinPortal>
      <Popover.Target>
        <Tooltip label={t('overlay.appearance')}>
          <ActionIcon size={22} aria-label={t('overlay.appearance')}>
            <IconAdjustmentsHorizontal size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('overlay.appearance')}>
        <Appearance />
      </Popover.Dropdown>
    </Popover>
  )
}

function Appearance() {
  const { blinking, opacity, style } = useOverlay()
  const percent = Math.round(opacity * 100)
  return (
    <div className={classes.appearance}>
      <span>{t('overlay.colourMap')}</span>
      <ColourMapPicker />
      <span>{t('overlay.opacity')}</span>
      <div className={classes.row}>
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
        <span className={classes.percent}>{t('overlay.opacity.value', { percent })}</span>
      </div>
      <span>{t('overlay.style')}</span>
      <SegmentedControl
        aria-label={t('overlay.style')}
        value={style}
        onChange={(value) => setOverlay({ style: value as 'fill' | 'outline' })}
        data={(['fill', 'outline'] as const).map((value) => ({ value, label: t(`overlay.style.${value}`) }))}
      />
      <span>{t('overlay.blink')}</span>
      <Switch
        size="xs"
        aria-label={t('overlay.blink')}
        checked={blinking}
        onChange={(event) => setOverlay({ blinking: event.currentTarget.checked })}
      />
    </div>
  )
}

function ColourMapPicker() {
  const colourMap = useOverlay((s) => s.colourMap)
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() })
  return (
    <Combobox
      store={combobox}
      width={190}
      // Within the popover: outside it a click would close that.
      withinPortal={false}
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
          w={120}
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
