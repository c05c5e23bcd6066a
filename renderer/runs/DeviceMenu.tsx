import { Button, Checkbox, Group, Popover, Radio, Stack, Title } from '@mantine/core'
import { IconCpu, IconRefresh } from '@tabler/icons-react'
import { useState } from 'react'
import { z } from 'zod'
import type { DeviceEntry } from '../../preload/records.ts'
import { call } from '../api/index.ts'
import { t } from '../i18n/index.ts'
import { trying } from '../shell/notify.tsx'
import { setSetting, useSetting } from '../shell/settings.ts'
import { useLibrary } from '../state/library.ts'
import { DEVICE_SETTING, ONLY_DEVICE_SETTING, useChosenDevice } from './choices.ts'
import { deviceName, deviceStateWords, hardwareWords, inDeviceOrder } from './deviceWords.ts'
import css from './runs.module.css'

const LEFT_TO_MAIN = ''

/** What computes: the devices, what they are, whether each can be had, and why not. */
export function DeviceMenu() {
  const devices = useLibrary((state) => state.devices)
  const device = useChosenDevice()
  const only = useSetting(ONLY_DEVICE_SETTING, z.boolean(), false)
  const [checking, setChecking] = useState(false)
  const named = device !== undefined && device.id !== 'auto'
  const label = device ? deviceName(device) : t('device.auto')
  const name = named && only ? t('device.onlyShort', { name: label }) : label
  // Main may list the automatic choice as a device of its own.
  const listsAuto = devices.some(({ id }) => id === 'auto')
  const check = async () => {
    setChecking(true)
    await trying(t('device.checkFailed'), async () =>
      useLibrary.setState({ devices: await call('devices.probe', {}) }),
    )
    setChecking(false)
  }
  return (
    <Popover position="top-start" width={460} trapFocus>
      <Popover.Target>
        <Button
          className={css.device ?? ''}
          variant="subtle"
          color="gray"
          title={name}
          leftSection={<IconCpu size={15} aria-hidden />}
          aria-label={t('device.choose', { name })}
        >
          {name}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('device.heading')}>
        <Stack gap="sm" mah="70vh" style={{ overflowY: 'auto' }}>
          <Group justify="space-between">
            <Title order={2}>{t('device.heading')}</Title>
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<IconRefresh size={13} aria-hidden />}
              loading={checking}
              onClick={check}
            >
              {t('device.check')}
            </Button>
          </Group>
          <Radio.Group
            value={device?.id ?? (listsAuto ? 'auto' : LEFT_TO_MAIN)}
            onChange={(id) => setSetting(DEVICE_SETTING, id)}
            aria-label={t('device.heading')}
          >
            <Stack gap={8}>
              {listsAuto ? null : (
                <Radio value={LEFT_TO_MAIN} label={t('device.auto')} description={t('device.autoHint')} />
              )}
              {inDeviceOrder(devices).map((each) => (
                <Choice key={each.id} device={each} />
              ))}
            </Stack>
          </Radio.Group>
          <Checkbox
            checked={only && named}
            disabled={!named}
            onChange={(event) => setSetting(ONLY_DEVICE_SETTING, event.currentTarget.checked)}
            label={t('device.only')}
            description={t('device.onlyHint')}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}

function Choice({ device }: { device: DeviceEntry }) {
  const { id, state } = device
  const hardware = hardwareWords(device)
  return (
    <Radio
      value={id}
      label={deviceName(device)}
      disabled={state === 'unavailable'}
      description={
        <>
          {hardware ? <span className={css.hardware}>{hardware}</span> : null}
          {deviceStateWords(device)}
        </>
      }
    />
  )
}
