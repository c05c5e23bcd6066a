export const editing: Readonly<Record<string, string>> = {}
