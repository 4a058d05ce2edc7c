{{/*
Passwords and authorities of stores, each file under a name of its own. Mounted as they are, so that a password that changes is there
without a restart; but the event store's, which asks for an owner-only file (_keys.tpl). Call with (list $ roles).
*/}}
{{- define "segl.storesOf" -}}
{{- $root := index . 0 -}}
{{- $roles := index . 1 -}}
{{- $stores := list -}}
{{- if $root.Values.eventStore.existingSecret -}}
  {{- $stores = append $stores (dict "name" "event-store" "values" $root.Values.eventStore) -}}
{{- end -}}
{{- if $root.Values.ephemeralStore.existingSecret -}}
  {{- $stores = append $stores (dict "name" "ephemeral-store" "values" $root.Values.ephemeralStore) -}}
{{- end -}}
{{- if $root.Values.personKeys.existingSecret -}}
  {{- $stores = append $stores (dict "name" "person-keys" "values" $root.Values.personKeys) -}}
{{- end -}}
{{- toYaml (dict "stores" $stores) -}}
{{- end -}}

{{- define "segl.storeMounts" -}}
{{- range (include "segl.storesOf" . | fromYaml).stores }}
{{- if or .values.caKey (ne .name "event-store") }}
- { name: {{ .name }}, mountPath: /run/stores/{{ .name }}, readOnly: true }
{{- end }}
{{- end }}
{{- end -}}

{{- define "segl.storeVolumes" -}}
{{- range (include "segl.storesOf" . | fromYaml).stores }}
- name: {{ .name }}
  secret:
    secretName: {{ .values.existingSecret | quote }}
    items:
      {{- if .values.credentialsKey }}
      - { key: {{ .values.credentialsKey | quote }}, path: credentials }
      {{- else }}
      - { key: {{ .values.passwordKey | quote }}, path: password }
      {{- end }}
      {{- with .values.caKey }}
      - { key: {{ . | quote }}, path: ca }
      {{- end }}
{{- end }}
{{- end -}}
