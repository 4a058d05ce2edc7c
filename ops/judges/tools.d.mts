export function toolPath(program: 'helm' | 'kubectl' | 'kubeconform' | 'kube-apiserver' | 'etcd'): string | null;
export function goModule(module: string): string | null;
