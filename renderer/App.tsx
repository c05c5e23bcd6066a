import { useEffect, useState } from 'react'
import { bridge } from './api/index.ts'

export function App() {
  const [text, setText] = useState('')
  useEffect(() => {
    bridge
      .call('app.info', {})
      .then((result) =>
        setText(result.ok ? `${result.value.name} ${result.value.version}` : result.error.message),
      )
  }, [])
  return <main>{text}</main>
}
