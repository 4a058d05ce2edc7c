{{/* The pod of one component: the same program everywhere, with its roles, its keys and its volume. Call with (list $ component roles). */}}
{{- define "segl.pod" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $roles := index . 2 -}}
{{- $values := get $root.Values $component -}}
{{- $keys := include "segl.keysVolume" $root -}}
{{- $hasVolume := ne $component "portal" -}}
metadata:
  labels:
    {{- include "segl.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $component }}
    {{- with $root.Values.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    checksum/settings: {{ include "segl.settings" . | sha256sum }}
    kubectl.kubernetes.io/default-container: segl
    {{- with $root.Values.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  serviceAccountName: {{ include "segl.fullname" $root }}
  automountServiceAccountToken: false
  # Else a Service named segl puts SEGL_PORT and SEGL_SERVICE_HOST into the pod, and variables that are no settings are refused.
  enableServiceLinks: false
  securityContext: {{- include "segl.podSecurity" $root | nindent 4 }}
  # Five seconds in which the last requests still come, those that answers under way have, and five that a stop takes beside: with room.
  terminationGracePeriodSeconds: {{ include "segl.drainSeconds" . | int | add 20 }}
  {{- with $root.Values.global.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . | quote }}
    {{- end }}
  {{- end }}
  {{- with $root.Values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- with $root.Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if has $component (list "portal" "gateway") }}
  topologySpreadConstraints:
    {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "segl.selector" $root | nindent 10 }}
          app.kubernetes.io/component: {{ $component }}
    {{- end }}
  {{- end }}
  initContainers:
    - name: keys
      image: {{ include "segl.image" $root | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      command: [sh, -c]
      args:
        - |
          {{- include "segl.keysScript" (list $root $roles) | nindent 10 }}
      securityContext: {{- include "segl.containerSecurity" $root | nindent 8 }}
      resources:
        requests: { cpu: 10m, memory: 64Mi }
        limits: { memory: 256Mi }
      volumeMounts:
        - { name: run, mountPath: /run/segl }
        - { name: tmp, mountPath: /tmp }
        {{- if $keys }}
        - { name: keys, mountPath: /keys, readOnly: true }
        {{- end }}
        {{- if $root.Values.eventStore.existingSecret }}
        - { name: event-store, mountPath: /credentials, readOnly: true }
        {{- end }}
        {{- if $hasVolume }}
        - { name: data, mountPath: /var/lib/segl }
        {{- end }}
  containers:
    - name: segl
      image: {{ include "segl.image" $root | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      env: {{- include "segl.environment" $root | nindent 8 }}
      ports:
        - { name: http, containerPort: 8080 }
        - { name: management, containerPort: 8081 }
        {{- with include "segl.takesMail" (list $root $roles) }}
        - { name: smtp, containerPort: 2525 }
        {{- if eq . "with TLS" }}
        - { name: smtps, containerPort: 2465 }
        {{- end }}
        {{- end }}
      startupProbe:
        httpGet: { path: /healthz, port: management }
        periodSeconds: 2
        failureThreshold: 60
      # Alive, not ready: a portal whose event store is away must not be killed for it.
      livenessProbe:
        httpGet: { path: /healthz, port: management }
        periodSeconds: 10
        timeoutSeconds: 5
      readinessProbe:
        httpGet: { path: /readyz, port: management }
        periodSeconds: 5
        timeoutSeconds: 4
      lifecycle:
        # Until every proxy has heard that this pod goes, requests still come.
        preStop: { sleep: { seconds: 5 } }
      securityContext: {{- include "segl.containerSecurity" $root | nindent 8 }}
      resources: {{- toYaml $values.resources | nindent 8 }}
      volumeMounts: {{- include "segl.mounts" . | nindent 8 }}
    {{- if and $root.Values.backup.enabled (eq $component "appliance") }}
    # A container of the one pod: its volume is nobody else's to mount (ReadWriteOnce), and the whole keyring is here already.
    - name: backup
      image: {{ include "segl.image" $root | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      command: [sh, -c]
      args:
        - |
          {{- include "segl.backupScript" $root | nindent 10 }}
      env: {{- include "segl.environment" $root | nindent 8 }}
      securityContext: {{- include "segl.containerSecurity" $root | nindent 8 }}
      resources: {{- toYaml $root.Values.backup.resources | nindent 8 }}
      volumeMounts:
        {{- include "segl.mounts" . | nindent 8 }}
        - { name: backups, mountPath: /backups }
    {{- end }}
  volumes:
    - name: configuration
      configMap: { name: {{ include "segl.fullname" $root }}-{{ $component }} }
    # In memory: key files with the modes that the keyring asks for.
    - name: run
      emptyDir: { medium: Memory, sizeLimit: 8Mi }
    - name: tmp
      emptyDir: { medium: Memory, sizeLimit: 64Mi }
    {{- if and $root.Values.backup.enabled (eq $component "appliance") }}
    - name: backups
      persistentVolumeClaim: { claimName: {{ $root.Values.backup.persistence.existingClaim | default (printf "%s-backups" (include "segl.fullname" $root)) | quote }} }
    {{- end }}
    {{- if $keys }}
    - name: keys
      {{- $keys | nindent 6 }}
    {{- end }}
    {{- with include "segl.storeVolumes" (list $root $roles) | trim }}{{ . | nindent 4 }}{{ end }}
    {{- range $root.Values.secrets }}
    - name: {{ printf "secret-%s" . | quote }}
      secret: { secretName: {{ . | quote }} }
    {{- end }}
    {{- range $root.Values.files }}
    - name: {{ printf "files-%s" . | quote }}
      configMap: { name: {{ . | quote }} }
    {{- end }}
    {{- if $hasVolume }}
    {{- with $values.persistence.existingClaim }}
    - name: data
      persistentVolumeClaim: { claimName: {{ . | quote }} }
    {{- end }}
    {{- end }}
{{- end -}}

{{/* Of every container of ours that works with the stores. */}}
{{- define "segl.environment" -}}
- { name: SEGL_CONFIG, value: /etc/segl/segl.yaml }
# The image's own defaults: as variables they would win over the file. An empty one counts as none.
- { name: SEGL_HTTP_PORT, value: '' }
- { name: SEGL_DATA_DIR, value: '' }
- { name: SEGL_KEYRING, value: '' }
{{- range $name, $value := .Values.environment }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end -}}

{{/* The same. Call as segl.pod is called. */}}
{{- define "segl.mounts" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $roles := index . 2 -}}
- { name: configuration, mountPath: /etc/segl, readOnly: true }
- { name: run, mountPath: /run/segl }
- { name: tmp, mountPath: /tmp }
{{- if ne $component "portal" }}
- { name: data, mountPath: /var/lib/segl }
{{- end }}
{{- with include "segl.storeMounts" (list $root $roles) | trim }}{{ . | nindent 0 }}{{ end }}
{{- range $root.Values.secrets }}
- { name: {{ printf "secret-%s" . | quote }}, mountPath: {{ printf "/run/secrets/%s" . | quote }}, readOnly: true }
{{- end }}
{{- range $root.Values.files }}
- { name: {{ printf "files-%s" . | quote }}, mountPath: {{ printf "/run/files/%s" . | quote }}, readOnly: true }
{{- end }}
{{- end -}}
