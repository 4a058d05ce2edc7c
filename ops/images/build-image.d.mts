export const STORAGE: readonly string[];
export const IMAGE: string;
