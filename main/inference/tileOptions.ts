import type { Vec3 } from '../imaging/volume.ts'
import type { ModelManifest } from './manifest.ts'

export type FileEntry = ModelManifest['network']['file']

/** A tile a package can be run with, and the answer that a device must give to it. */
export interface TileOption {
  /** Edge in model voxels [x, y, z]. */
  patchSize: Vec3
  /** The network for it. */
  file: FileEntry
  golden: ModelManifest['golden']
}

/** The tile the package was measured with, then those for devices with less memory. */
export function tileOptions({ network, golden }: ModelManifest): TileOption[] {
  const { patchSize, file, smallerTiles = [] } = network
  return [{ patchSize, file, golden }, ...smallerTiles.map((tile) => ({ ...tile, file: tile.file ?? file }))]
}

/** Every file that a manifest names, each once. */
export function packageFiles(manifest: ModelManifest): FileEntry[] {
  const files = tileOptions(manifest).flatMap(({ file, golden }) => [file, golden.input, golden.score])
  const seen = new Set<string>()
  return files.filter((file) => {
    const entry = `${file.path} ${file.sha256}`
    return !seen.has(entry) && seen.add(entry)
  })
}
