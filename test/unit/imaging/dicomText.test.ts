import { describe, expect, it } from 'vitest'
import { decodeText } from '../../../main/imaging/dicom/text.ts'

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const ascii = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))

/** The examples of DICOM PS3.5 Annexes H (Japanese), I (Korean) and J (Chinese), byte for byte. */
describe('text of DICOM elements', () => {
  it('H.3.1: Yamada, kanji and hiragana by escape sequences', () => {
    const value = bytes(
      '59616d6164615e5461726f753d 1b2442 3b334544 1b2842 5e 1b2442 42404f3a 1b2842 3d 1b2442 246424 5e2440 1b2842 5e 1b2442 243f246d2426 1b2842',
    )
    expect(decodeText(value, ['', 'ISO 2022 IR 87'])).toBe('Yamada^Tarou=山田^太郎=やまだ^たろう')
  })

  it('H.3.2: half-width katakana first', () => {
    const value = bytes(
      'd4cfc0de5ec0dbb3 3d 1b2442 3b334544 1b284a 5e 1b2442 42404f3a 1b284a 3d 1b2442 2464245e2440 1b284a 5e 1b2442 243f246d2426 1b284a',
    )
    expect(decodeText(value, ['ISO 2022 IR 13', 'ISO 2022 IR 87'])).toBe('ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう')
  })

  it('I.2: Korean', () => {
    const value = bytes(
      '486f6e675e47696c646f6e673d 1b242943 fbf3 5e 1b242943 d1ced4d7 3d 1b242943 c8ab 5e 1b242943 b1e6b5bf',
    )
    expect(decodeText(value, ['', 'ISO 2022 IR 149'])).toBe('Hong^Gildong=洪^吉洞=홍^길동')
  })

  it('J.1 and J.2: Chinese in UTF-8 and GB18030', () => {
    expect(decodeText(bytes('57616e675e5869616f446f6e673de78e8b5ee5b08fe69db13d'), ['ISO_IR 192'])).toBe(
      'Wang^XiaoDong=王^小東=',
    )
    expect(decodeText(bytes('57616e675e5869616f446f6e673dcdf55ed0a1b6ab3d'), ['GB18030'])).toBe(
      'Wang^XiaoDong=王^小东=',
    )
  })

  it('Latin, Cyrillic, Greek in their own sets, and Cyrillic by escape beside Latin', () => {
    expect(decodeText(bytes('c4756e65'), ['ISO_IR 100'])).toBe('Äune')
    expect(decodeText(bytes('bbee63ceb65ee2d5e1e2'), ['ISO_IR 144'])).toMatch(/\^тест$/)
    expect(decodeText(bytes('c4e9efedf5f3e9eff2'), ['ISO_IR 126'])).toBe('Διονυσιος')
    expect(decodeText(bytes('41 e4 5e 1b2d4c e2d5e1e2 5e e4'), ['ISO 2022 IR 100', 'ISO 2022 IR 144'])).toBe(
      'Aä^тест^ä',
    )
  })

  it('drops padding, and reads what breaks the rule of the default set', () => {
    expect(decodeText(ascii('THORAX \0'), [])).toBe('THORAX')
    expect(decodeText(ascii('M\xfcller'), [])).toBe('Müller')
    expect(decodeText(new TextEncoder().encode('Müller'), [])).toBe('Müller')
    expect(decodeText(ascii('plain'), ['NO SUCH SET'])).toBe('plain')
  })
})
