export const findings: Readonly<Record<string, string>> = {}
