{{/* What contradicts itself, all of it at once and by name, before anything is applied. Types and spelling are the schema's. */}}
{{- define "segl.refusals" -}}
{{- $faults := list -}}
{{- $v := .Values -}}
{{- $isEmbedded := eq $v.mode "embedded" -}}
{{- $hasKeys := include "segl.keysVolume" . -}}
{{- if not $v.publicUrl }}
  {{- $faults = append $faults "publicUrl: is missing; where readers reach the portal, such as https://post.example.com" -}}
{{- else if not (regexMatch "^https://[^/?#@]+/?$" $v.publicUrl) }}
  {{- $faults = append $faults (printf "publicUrl: %s is not https://, a host and perhaps a port, and no more" $v.publicUrl) -}}
{{- end -}}
{{- if not $v.relayUrl }}
  {{- $faults = append $faults "relayUrl: is missing; the next hop for carriers and codes, such as smtp://mail.example.com:25" -}}
{{- end -}}
{{- if regexMatch "//[^/?#@\\s]*@" $v.relayUrl }}
  {{- $faults = append $faults "relayUrl: holds credentials; leave them out, and name a file of a Secret: secrets: [segl-relay], settings.relay.credentialsFile: /run/secrets/segl-relay/credentials" -}}
{{- end -}}
{{- if and $v.keys.existingSecret $v.keys.volume }}
  {{- $faults = append $faults "keys.existingSecret and keys.volume: each says where the keys are; leave one out" -}}
{{- end -}}
{{- if and $v.eventStore.url $v.eventStore.trial.enabled }}
  {{- $faults = append $faults "eventStore.url and eventStore.trial.enabled: a server of yours, or one that is brought along; leave one out" -}}
{{- end -}}
{{- if and $v.ephemeralStore.url $v.ephemeralStore.trial.enabled }}
  {{- $faults = append $faults "ephemeralStore.url and ephemeralStore.trial.enabled: a server of yours, or one that is brought along; leave one out" -}}
{{- end -}}
{{- if and $v.ephemeralStore.vouchedFor (not $v.ephemeralStore.url) }}
  {{- $faults = append $faults "ephemeralStore.vouchedFor: is for a server of yours, and ephemeralStore.url names none" -}}
{{- end -}}
{{- range $name, $_ := $v.environment -}}
  {{- if hasPrefix "SEGL_" $name }}
    {{- $faults = append $faults (printf "environment.%s: is a setting; its place is settings, where it is checked" $name) -}}
  {{- end -}}
{{- end -}}
{{- range $name := list "eventStore" "ephemeralStore" "personKeys" -}}
  {{- $store := get $v $name -}}
  {{- if and $store.existingSecret (not $store.url) }}
    {{- $faults = append $faults (printf "%s.existingSecret: is for a server of yours, and %s.url names none" $name $name) -}}
  {{- end -}}
  {{- if and $store.caKey (not $store.existingSecret) }}
    {{- $faults = append $faults (printf "%s.caKey: names a key of %s.existingSecret, which is empty" $name $name) -}}
  {{- end -}}
  {{- if regexMatch "//[^/?#@]*:[^/?#@]*@" $store.url }}
    {{- $faults = append $faults (printf "%s.url: holds a password; leave it out, and name a Secret in %s.existingSecret" $name $name) -}}
  {{- end -}}
{{- end -}}
{{- if $isEmbedded -}}
  {{- range $name := list "eventStore" "ephemeralStore" "personKeys" -}}
    {{- if (get $v $name).url }}
      {{- $faults = append $faults (printf "%s.url: mode embedded keeps it in its own volume; set mode: cluster, or leave it out" $name) -}}
    {{- end -}}
  {{- end -}}
  {{- if or $v.eventStore.trial.enabled $v.ephemeralStore.trial.enabled }}
    {{- $faults = append $faults "eventStore.trial, ephemeralStore.trial: are for mode: cluster; mode embedded needs no server" -}}
  {{- end -}}
  {{- if $v.portal.autoscaling.enabled }}
    {{- $faults = append $faults "portal.autoscaling.enabled: mode embedded is one process on one volume; set mode: cluster" -}}
  {{- end -}}
{{- else -}}
  {{- if $v.backup.enabled }}
    {{- $faults = append $faults "backup.enabled: in mode cluster no pod has the whole keyring; a backup is made beside the cluster (README.md, \"Backups\")" -}}
  {{- end -}}
  {{- if not (include "segl.eventStoreUrl" .) }}
    {{- $faults = append $faults "eventStore.url: mode cluster needs one, such as esdb+discover://events.example.com:2113" -}}
  {{- end -}}
  {{- if not (include "segl.ephemeralStoreUrl" .) }}
    {{- $faults = append $faults "ephemeralStore.url: mode cluster needs one, such as rediss://ephemeral.example.com" -}}
  {{- end -}}
  {{- if not $v.personKeys.url }}
    {{- $faults = append $faults "personKeys.url: mode cluster needs one, such as postgres://segl@persons.example.com/segl" -}}
  {{- end -}}
  {{- if not $hasKeys }}
    {{- $faults = append $faults "keys.existingSecret: mode cluster shares one keyring; make it with \"segl keys init\" and put its files into a Secret (README.md)" -}}
  {{- end -}}
  {{- with $v.portal.autoscaling -}}
    {{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) }}
      {{- $faults = append $faults (printf "portal.autoscaling.minReplicas: %d is more than maxReplicas, %d" (int .minReplicas) (int .maxReplicas)) -}}
    {{- end -}}
  {{- end -}}
  {{- if and (gt (int $v.gateway.replicas) 1) $v.gateway.persistence.existingClaim }}
    {{- $faults = append $faults "gateway.persistence.existingClaim: is one volume, and gateway.replicas are several, each with an outbox of its own" -}}
  {{- end -}}
{{- end -}}
{{- if and $v.backup.enabled (not $v.backup.recipients) }}
  {{- $faults = append $faults "backup.recipients: is empty; who can open backups, as \"segl keys backup-identity\" prints it" -}}
{{- end -}}
{{- if and $v.gatewayApi.enabled (not $v.gatewayApi.parentRefs) }}
  {{- $faults = append $faults "gatewayApi.parentRefs: is empty; name the Gateway that leads here" -}}
{{- end -}}
{{- $faults = concat $faults (include "segl.contradictions" . | fromYamlArray) -}}
{{- if $faults }}{{- fail (printf "these values cannot be installed:\n  %s" (join "\n  " $faults)) -}}{{- end -}}
{{- end -}}
