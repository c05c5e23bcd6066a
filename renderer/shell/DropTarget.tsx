import { useEffect, useState } from 'react'
import { t } from '../i18n/index.ts'
import { addDropped } from '../library/adding.ts'
import { offerModel } from '../runs/modelImport.ts'
import css from './shell.module.css'

const holdsFiles = (event: DragEvent): event is DragEvent & { dataTransfer: DataTransfer } =>
  event.dataTransfer?.types.includes('Files') ?? false

/** The whole window takes files; a drop that missed would have the browser leave the page. */
export function DropTarget() {
  const [over, setOver] = useState(false)
  useEffect(() => {
    // Entering a child comes before leaving its parent, so they are counted.
    let depth = 0
    const enter = (event: DragEvent) => {
      if (!holdsFiles(event)) return
      depth++
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      if (!holdsFiles(event)) return
      depth = Math.max(0, depth - 1)
      if (depth === 0) setOver(false)
    }
    const hold = (event: DragEvent) => {
      if (!holdsFiles(event)) return
      event.preventDefault()
      event.dataTransfer.dropEffect = 'copy'
    }
    const drop = (event: DragEvent) => {
      if (!holdsFiles(event)) return
      event.preventDefault()
      depth = 0
      setOver(false)
      void addDropped(event.dataTransfer, offerModel)
    }
    const listeners = { dragenter: enter, dragleave: leave, dragover: hold, drop } as const
    for (const [name, listener] of Object.entries(listeners))
      window.addEventListener(name as keyof typeof listeners, listener)
    return () => {
      for (const [name, listener] of Object.entries(listeners))
        window.removeEventListener(name as keyof typeof listeners, listener)
    }
  }, [])
  if (!over) return null
  return (
    <div className={css.drop} role="status">
      <div>
        {t('drop.title')}
        <small>{t('drop.hint')}</small>
        <small>{t('drop.model')}</small>
      </div>
    </div>
  )
}
