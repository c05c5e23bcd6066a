/**
 * What was dropped on the window, for `bridge.filesDropped`. In Electron a dropped folder has a path and stays one
 * entry. A browser tells no paths, so a folder is walked and every file in it remembers where it lay.
 *
 * Call it within the drop event: the DataTransfer is empty afterwards.
 */
export function filesOfDrop(transfer: DataTransfer): Promise<File[]> {
  if (window.workstation) return Promise.resolve([...transfer.files])
  const entries = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile())
  return Promise.all(entries.map(async (entry) => (entry instanceof File ? [entry] : walk(entry)))).then(
    (found) => found.flat(),
  )
}

const lay = new WeakMap<File, string>()

/** Where a file lay in what was dropped or chosen: `study/series 1/image 1.dcm`; its name alone for a single file. */
export function relativePath(file: File): string {
  return lay.get(file) ?? (file.webkitRelativePath || file.name)
}

async function walk(entry: FileSystemEntry | null): Promise<File[]> {
  if (!entry) return []
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    )
    lay.set(file, entry.fullPath.replace(/^\//, ''))
    return [file]
  }
  const files: File[] = []
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // At most 100 at a time, by the standard; empty at the end.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (batch.length === 0) return files
    for (const each of batch) files.push(...(await walk(each)))
  }
}
