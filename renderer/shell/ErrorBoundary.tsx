import { Button, Code, Stack, Text, Title } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { t } from '../i18n/index.ts'

interface Props {
  /** Which part of the window this is, for the sentence. */
  part: string
  children: ReactNode
}

/** Keeps a mistake in one part of the window from taking the others, and what the reader did is in main anyway. */
export class ErrorBoundary extends Component<Props, { error: Error | null }> {
  override state = { error: null as Error | null }

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  override render() {
    const { error } = this.state
    if (!error) return this.props.children
    return (
      <Stack p="lg" gap="sm" align="flex-start" role="alert" style={{ overflow: 'auto', height: '100%' }}>
        <Title order={2}>{t('boundary.title', { part: this.props.part })}</Title>
        <Text>{t('boundary.text')}</Text>
        <Button onClick={() => window.location.reload()}>{t('boundary.reload')}</Button>
        <Button variant="default" onClick={() => this.setState({ error: null })}>
          {t('boundary.again')}
        </Button>
        <Code block>{error.stack ?? error.message}</Code>
      </Stack>
    )
  }
}
