import type { CallInput } from '../../../preload/contract.ts'

type Purpose = CallInput<'files.pick'>['purpose']

/** Of Electron's OpenDialogOptions. */
interface PickOptions {
  title: string
  buttonLabel: string
  properties: ('openFile' | 'openDirectory' | 'multiSelections' | 'createDirectory')[]
}

/** No filter of file types: DICOM files need no extension, and what can be read is told by content. */
export const PICK: Readonly<Record<Purpose, PickOptions>> = {
  'open-files': {
    title: 'Open CT files',
    buttonLabel: 'Open',
    properties: ['openFile', 'multiSelections'],
  },
  'open-folder': {
    title: 'Open folders of CT images',
    buttonLabel: 'Open',
    properties: ['openDirectory', 'multiSelections'],
  },
  'export-folder': {
    title: 'Where to export to',
    buttonLabel: 'Export here',
    properties: ['openDirectory', 'createDirectory'],
  },
  'model-folder': {
    title: 'Folder of a model',
    buttonLabel: 'Look at it',
    properties: ['openDirectory'],
  },
  'model-file': {
    title: 'ZIP file of a model',
    buttonLabel: 'Look at it',
    properties: ['openFile'],
  },
}
