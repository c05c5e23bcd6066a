/** Whether Mod is Cmd on this machine. */
export const IS_MAC = /mac/i.test(globalThis.navigator?.platform ?? '')
