export function toolPath(
  program:
    | 'helm'
    | 'kubectl'
    | 'kubeconform'
    | 'kube-score'
    | 'scan.mjs'
    | 'kube-apiserver'
    | 'etcd'
    | 'k6'
    | 'age'
    | 'age-keygen',
): string | null;
export function goModule(module: string): string | null;
