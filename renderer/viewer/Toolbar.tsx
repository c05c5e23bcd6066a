import { ActionIcon, Button, Menu, NumberInput, Popover, Radio, Stack, Tooltip } from '@mantine/core'
import {
  IconAngle,
  IconArrowsMove,
  IconArrowsVertical,
  IconContrast,
  IconCrosshair,
  IconLayoutColumns,
  IconLayoutGrid,
  IconOvalVertical,
  IconRectangle,
  IconRefresh,
  IconRotate360,
  IconRuler2,
  IconSquare,
  IconStack2,
  IconTextCaption,
  IconZoomIn,
} from '@tabler/icons-react'
import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { presetOf, setView, type Tool, useView, type ViewState, WINDOW_PRESETS } from '../state/view.ts'
import { LAYOUT_KEYS, resetView, setLayout, setPreset, TOOL_KEYS } from './commands.ts'
import css from './viewer.module.css'

type Icon = ComponentType<{ size?: number; stroke?: number }>

const TOOL_ICONS: Partial<Record<Tool, Icon>> = {
  crosshair: IconCrosshair,
  window: IconContrast,
  pan: IconArrowsMove,
  zoom: IconZoomIn,
  scroll: IconArrowsVertical,
  rotate: IconRotate360,
  length: IconRuler2,
  angle: IconAngle,
  ellipse: IconOvalVertical,
  rectangle: IconRectangle,
}

const LAYOUT_ICONS = { single: IconSquare, 'one-two': IconLayoutColumns, grid: IconLayoutGrid } as const

/** One row of what the mouse does, how the panes lie, and how HU become grey. */
export function Toolbar() {
  const { t } = useTranslation()
  const tool = useView((s) => s.tool)
  const layout = useView((s) => s.layout)
  const showAnnotations = useView((s) => s.showAnnotations)
  return (
    <div className={css.toolbar} role="toolbar" aria-label={t('viewer.toolbar')}>
      <fieldset className={css.tools} aria-label={t('viewer.tools')}>
        {TOOL_KEYS.map(([id, key]) => (
          <IconControl
            key={id}
            icon={TOOL_ICONS[id] ?? IconCrosshair}
            label={t(`command.tool.${id}`)}
            shortcut={key.toUpperCase()}
            pressed={tool === id}
            onClick={() => setView({ tool: id })}
          />
        ))}
      </fieldset>
      <WindowMenu />
      <SlabMenu />
      <span className={css.spring} />
      <fieldset className={css.tools} aria-label={t('viewer.layout')}>
        {LAYOUT_KEYS.map(([id, key]) => (
          <IconControl
            key={id}
            icon={LAYOUT_ICONS[id]}
            label={t(`command.view.layout.${id}`)}
            shortcut={key}
            pressed={layout === id}
            onClick={() => setLayout(id)}
          />
        ))}
      </fieldset>
      <IconControl
        icon={IconTextCaption}
        label={t('viewer.annotations')}
        shortcut="I"
        pressed={showAnnotations}
        onClick={() => setView({ showAnnotations: !showAnnotations })}
      />
      <IconControl icon={IconRefresh} label={t('viewer.reset')} shortcut="R" onClick={resetView} />
    </div>
  )
}

interface ControlProps {
  icon: Icon
  label: string
  shortcut: string
  pressed?: boolean
  onClick: () => void
}

function IconControl({ icon: Icon, label, shortcut, pressed, onClick }: ControlProps) {
  return (
    <Tooltip label={`${label} (${shortcut})`}>
      <ActionIcon
        variant={pressed ? 'filled' : 'subtle'}
        color={pressed ? 'accent' : 'gray'}
        aria-label={label}
        {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
        onClick={onClick}
      >
        <Icon size={17} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  )
}

function WindowMenu() {
  const { t } = useTranslation()
  const preset = useView((s) => presetOf(s)?.id)
  const centre = useView((s) => Math.round(s.windowCentreHu))
  const width = useView((s) => Math.round(s.windowWidthHu))
  return (
    <Menu>
      <Menu.Target>
        <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconContrast size={15} />}>
          {preset ? t(`command.window.${preset}`) : t('viewer.window', { centre, width })}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {WINDOW_PRESETS.map(({ id, centreHu, widthHu }, i) => (
          <Menu.Item key={id} onClick={() => setPreset(id)} rightSection={<kbd>{i + 1}</kbd>}>
            {t(`command.window.${id}`)}{' '}
            <small>{t('viewer.window', { centre: centreHu, width: widthHu })}</small>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function SlabMenu() {
  const { t } = useTranslation()
  const thickness = useView((s) => s.slabThicknessMm)
  const mode = useView((s) => s.slabMode)
  return (
    <Popover position="bottom-start" trapFocus>
      <Popover.Target>
        <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconStack2 size={15} />}>
          {thickness > 0 ? t(`viewer.slab.${mode}`, { thickness }) : t('viewer.slabMenu')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <NumberInput
            size="xs"
            label={t('viewer.slabThickness')}
            description={t('viewer.slabThicknessHelp')}
            value={thickness}
            min={0}
            max={300}
            step={1}
            onChange={(value) => {
              if (typeof value === 'number') setView({ slabThicknessMm: value })
            }}
          />
          <Radio.Group
            label={t('viewer.slabMode')}
            value={mode}
            onChange={(value) => setView({ slabMode: value as ViewState['slabMode'] })}
          >
            <Stack gap={4} mt={4}>
              {(['max', 'min', 'mean'] as const).map((value) => (
                <Radio key={value} size="xs" value={value} label={t(`viewer.slabMode.${value}`)} />
              ))}
            </Stack>
          </Radio.Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}
