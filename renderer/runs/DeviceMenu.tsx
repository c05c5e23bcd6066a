import { Button, Popover, Radio, Stack, Title } from '@mantine/core'
import { IconCpu } from '@tabler/icons-react'
import { t } from '../i18n/index.ts'
import { setSetting } from '../shell/settings.ts'
import { useLibrary } from '../state/library.ts'
import { DEVICE_SETTING, useChosenDevice } from './choices.ts'

const LEFT_TO_MAIN = ''

/** What computes: the devices, whether each can be had, and why not. */
export function DeviceMenu() {
  const devices = useLibrary((state) => state.devices)
  const device = useChosenDevice()
  const name = device?.label ?? t('device.auto')
  // Main may list the automatic choice as a device of its own.
  const listsAuto = devices.some(({ id }) => id === 'auto')
  return (
    <Popover position="top-start" width={420} trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconCpu size={15} aria-hidden />}
          aria-label={t('device.choose', { name })}
        >
          {name}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('device.heading')}>
        <Title order={2} mb="sm">
          {t('device.heading')}
        </Title>
        <Radio.Group
          value={device?.id ?? (listsAuto ? 'auto' : LEFT_TO_MAIN)}
          onChange={(id) => setSetting(DEVICE_SETTING, id)}
          aria-label={t('device.heading')}
        >
          <Stack gap={8}>
            {listsAuto ? null : (
              <Radio value={LEFT_TO_MAIN} label={t('device.auto')} description={t('device.autoHint')} />
            )}
            {devices.map(({ id, label, state, note }) => (
              <Radio
                key={id}
                value={id}
                label={label}
                disabled={state === 'unavailable'}
                description={[state === 'available' ? '' : t(`device.${state}`), note]
                  .filter(Boolean)
                  .join(': ')}
              />
            ))}
          </Stack>
        </Radio.Group>
      </Popover.Dropdown>
    </Popover>
  )
}
