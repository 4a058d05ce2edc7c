{{- define "segl.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* 40 characters: a Service has 63 ("-appliance-management"), and a StatefulSet 52, since its pods bear a label of its name and ten more. */}}
{{- define "segl.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "segl.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "segl.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "segl.selector" -}}
app.kubernetes.io/name: {{ include "segl.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "segl.labels" -}}
{{ include "segl.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* What runs, and what each does: one process on one volume, or one for each role (libs/installation/src/roles.ts). */}}
{{- define "segl.components" -}}
{{- if eq .Values.mode "embedded" -}}
appliance: [portal, gateway, console]
{{- else -}}
portal: [portal]
gateway: [gateway]
console: [console]
{{- end -}}
{{- end -}}

{{/* The component that serves a role. Call with (list $ "gateway"). */}}
{{- define "segl.serves" -}}
{{- $root := index . 0 -}}
{{- if eq $root.Values.mode "embedded" -}}appliance{{- else -}}{{- index . 1 -}}{{- end -}}
{{- end -}}

{{/* Whether a component takes mail in over SMTP: a word, or nothing. Call with (list $ roles). */}}
{{- define "segl.takesMail" -}}
{{- $smtp := (index . 0).Values.settings.smtp | default dict -}}
{{- if and (has "gateway" (index . 1)) $smtp.clients -}}{{- ternary "with TLS" "plain" (not (empty $smtp.certificateFile)) -}}{{- end -}}
{{- end -}}

{{- define "segl.host" -}}
{{- (urlParse .Values.publicUrl).hostname -}}
{{- end -}}

{{/* That host, and the names that the portal had earlier. */}}
{{- define "segl.hosts" -}}
{{- prepend (.Values.settings.formerHosts | default list) (include "segl.host" .) | toYaml -}}
{{- end -}}

{{- define "segl.image" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
{{- if $registry -}}{{- trimSuffix "/" $registry -}}/{{- end -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest -}}@{{- .Values.image.digest -}}{{- else -}}:{{- .Values.image.tag | default .Chart.AppVersion -}}{{- end -}}
{{- end -}}

{{/* An image of somebody else's, from the registry of the closed network where there is one. Call with (list $ "name"). */}}
{{- define "segl.otherImage" -}}
{{- $registry := (index . 0).Values.global.imageRegistry -}}
{{- if $registry -}}{{- trimSuffix "/" $registry -}}/{{- end -}}{{- index . 1 -}}
{{- end -}}

{{/* Address of each store, brought along or not; empty where the file in the data directory is meant. */}}
{{- define "segl.eventStoreUrl" -}}
{{- if .Values.eventStore.trial.enabled -}}
esdb://{{ include "segl.fullname" . }}-event-store:2113?tls=false
{{- else -}}{{- .Values.eventStore.url -}}{{- end -}}
{{- end -}}
{{- define "segl.ephemeralStoreUrl" -}}
{{- if .Values.ephemeralStore.trial.enabled -}}
redis://{{ include "segl.fullname" . }}-ephemeral:6379
{{- else -}}{{- .Values.ephemeralStore.url -}}{{- end -}}
{{- end -}}

{{/* The port of a URL, or of its scheme. Call with (list "smtp://host:25" 25). */}}
{{- define "segl.portOf" -}}
{{- $authority := (urlParse (index . 0)).host -}}
{{- regexFind ":[0-9]+$" (splitList "," $authority | first) | trimPrefix ":" | default (index . 1) -}}
{{- end -}}

{{- define "segl.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* A volume's files get the group alone, and once: what the keyring wants is that nobody else may read (_keys.tpl). */}}
{{- define "segl.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.podUser }}
runAsUser: {{ int . }}
runAsGroup: {{ int . }}
fsGroup: {{ int . }}
{{- end }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}
