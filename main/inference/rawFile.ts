export * from '../processes/rawFile.ts'
