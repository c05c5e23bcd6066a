import {
  ActionIcon,
  Badge,
  Button,
  Checkbox,
  type CSSVariablesResolver,
  createTheme,
  Kbd,
  type MantineColorsTuple,
  Menu,
  Modal,
  Notification,
  NumberInput,
  Popover,
  Progress,
  Radio,
  SegmentedControl,
  Select,
  TextInput,
  Tooltip,
} from '@mantine/core'

export type ColourScheme = 'dark' | 'light'

/** Neutral greys, lightest first: a hue beside the image would tint what the eye sees in it. */
const GREYS: MantineColorsTuple = [
  '#d9dadc',
  '#b9bbbf',
  '#9a9da3',
  '#6d7076',
  '#37393e',
  '#2a2c30',
  '#202226',
  '#17181b',
  '#101113',
  '#0a0a0b',
]

/** One calm blue; 7 and 8 carry white text at a contrast of more than 4.5. */
const ACCENT: MantineColorsTuple = [
  '#eaf3fa',
  '#d3e4f2',
  '#a8cae6',
  '#84b5dd',
  '#66a3d4',
  '#4a8fc6',
  '#3a7fb6',
  '#2f6c9e',
  '#295f8c',
  '#1f4a6e',
]

/**
 * Dense, at 12 and 13 px; nothing moves that need not: a dialog that fades out would still hold back the next key.
 */
export const theme = createTheme({
  colors: { dark: GREYS, accent: ACCENT },
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 8 },
  black: '#17181b',
  fontFamily: "Inter, 'Segoe UI', system-ui, -apple-system, 'Noto Sans', 'DejaVu Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '13px', lg: '15px', xl: '18px' },
  lineHeights: { xs: '1.35', sm: '1.4', md: '1.4', lg: '1.4', xl: '1.3' },
  spacing: { xs: '6px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '15px' }, h2: { fontSize: '13px' }, h3: { fontSize: '12px' } },
  },
  defaultRadius: 4,
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs' } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { size: 28, variant: 'subtle', color: 'gray' } }),
    Badge: Badge.extend({ defaultProps: { size: 'sm', variant: 'light', radius: 3, tt: 'none' } }),
    Checkbox: Checkbox.extend({ defaultProps: { size: 'xs' } }),
    Radio: Radio.extend({ defaultProps: { size: 'xs' } }),
    Kbd: Kbd.extend({ defaultProps: { size: 'xs' } }),
    Menu: Menu.extend({ defaultProps: { shadow: 'md', transitionProps: { duration: 0 } } }),
    Modal: Modal.extend({
      defaultProps: { centered: true, transitionProps: { duration: 0 }, overlayProps: { opacity: 0.6 } },
    }),
    Notification: Notification.extend({
      // What went wrong is read, not skimmed.
      styles: { description: { color: 'var(--mantine-color-text)' } },
    }),
    NumberInput: NumberInput.extend({ defaultProps: { size: 'xs' } }),
    Popover: Popover.extend({ defaultProps: { shadow: 'md', transitionProps: { duration: 0 } } }),
    Progress: Progress.extend({
      defaultProps: { size: 6, transitionDuration: 200 },
      styles: { root: { background: 'var(--line)' } },
    }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs', transitionDuration: 80 } }),
    Select: Select.extend({ defaultProps: { size: 'xs', allowDeselect: false } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'xs' } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 500, withArrow: true, multiline: true } }),
  },
})

/** What panels are made of, in both schemes; for CSS modules of every part of the window. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-dimmed': '#585c63',
    '--panel': '#f4f5f6',
    '--bar': '#e9eaec',
    '--line': '#cfd1d5',
    '--hover': '#e3e6ea',
    '--selected': '#d3e4f2',
    '--good': '#1c6b35',
    '--caution': '#7a4a00',
    '--bad': '#a32020',
    '--mantine-color-error': '#a32020',
    '--mantine-color-placeholder': '#63676e',
  },
  dark: {
    '--mantine-color-body': '#17181b',
    '--mantine-color-dimmed': '#9a9da3',
    '--panel': '#17181b',
    '--bar': '#101113',
    '--line': '#2a2c30',
    '--hover': '#202226',
    '--selected': '#20364a',
    '--good': '#7bc58e',
    '--caution': '#e0b062',
    '--bad': '#f08a84',
    '--mantine-color-error': '#f08a84',
    '--mantine-color-placeholder': '#85888f',
  },
})
