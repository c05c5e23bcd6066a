import { z } from 'zod'
import type { DeviceEntry, ModelEntry } from '../../preload/records.ts'
import { getSetting, useSetting } from '../shell/settings.ts'
import { useLibrary } from '../state/library.ts'

export const MODEL_SETTING = 'run.model'
export const DEVICE_SETTING = 'run.device'
export const ONLY_DEVICE_SETTING = 'run.onlyThisDevice'

/** The model that was chosen, where it is still there; else the default one. */
export function chosenModel(models: readonly ModelEntry[], name: string): ModelEntry | undefined {
  return models.find((model) => model.name === name) ?? models.find(({ isDefault }) => isDefault) ?? models[0]
}

/** The device that was chosen, also where it cannot be had just now; undefined leaves the choice to main. */
export function chosenDevice(devices: readonly DeviceEntry[], id: string): DeviceEntry | undefined {
  return devices.find((device) => device.id === id)
}

/** What `runs.start` is asked for: the chosen device and then the best that works, or it and no other. */
export function devicePreference(id: string, only: boolean): string {
  return id === 'auto' || only ? id : `${id},auto`
}

export function useChosenModel(): ModelEntry | undefined {
  const models = useLibrary((state) => state.models)
  return chosenModel(models, useSetting(MODEL_SETTING, z.string(), ''))
}

export function useChosenDevice(): DeviceEntry | undefined {
  const devices = useLibrary((state) => state.devices)
  return chosenDevice(devices, useSetting(DEVICE_SETTING, z.string(), ''))
}

/** What `runs.start` is given beside the series. */
export function runChoices(): { model?: string; device?: string } {
  const { models, devices } = useLibrary.getState()
  const model = chosenModel(models, getSetting(MODEL_SETTING, z.string(), ''))
  const device = chosenDevice(devices, getSetting(DEVICE_SETTING, z.string(), ''))
  const only = getSetting(ONLY_DEVICE_SETTING, z.boolean(), false)
  return {
    ...(model ? { model: model.name } : {}),
    ...(device ? { device: devicePreference(device.id, only) } : {}),
  }
}
