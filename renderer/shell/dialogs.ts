import { create } from 'zustand'

export type DialogId = 'keys' | 'about' | 'preferences' | 'tour' | 'export'

/** The one dialog that is open. */
export const useDialogs = create<{ open: DialogId | null }>(() => ({ open: null }))

export const openDialog = (open: DialogId): void => useDialogs.setState({ open })
export const closeDialog = (): void => useDialogs.setState({ open: null })
