import { join } from 'node:path'
import { modelStore } from '../../screening/models.ts'
import { userDataFolder } from '../windowOptions.ts'

/** The product's models and those of this user, kept where the window looks for them as well. */
export const userModels = () => modelStore(join(userDataFolder(), 'models'))
