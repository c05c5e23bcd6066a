export const viewer: Readonly<Record<string, string>> = {}
