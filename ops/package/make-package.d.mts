export const NAME: string;
export function makePackage(target: string | null, level?: number): Promise<string>;
