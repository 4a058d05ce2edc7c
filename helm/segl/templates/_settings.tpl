{{/*
Seconds that answers under way have once a pod is told to end. Another portal is there by then, so that a large upload may take its time; where
none is, whoever comes waits for the end. Call with (list $ component).
*/}}
{{- define "segl.drainSeconds" -}}
{{- $written := (index . 0).Values.settings.drainSeconds -}}
{{- if kindIs "invalid" $written }}{{ ternary 60 5 (eq (index . 1) "portal") }}{{ else }}{{ $written }}{{ end -}}
{{- end -}}

{{/*
The appliance's own configuration file, as `SEGL_CONFIG` reads it: `settings` of the values, under what the chart decides. Call with
(list $ component roles).
*/}}
{{- define "segl.settings" -}}
{{- $root := index . 0 -}}
{{- $roles := index . 2 -}}
{{- $host := include "segl.host" $root -}}
{{- $stores := dict -}}
{{- $written := deepCopy $root.Values.settings -}}
{{- $organisation := dict "name" $host "postalAddress" $host "contactMail" (printf "postmaster@%s" $host) "timeZone" "UTC" -}}
{{- $_ := set $written "organisation" (merge (dict) ($written.organisation | default dict) $organisation) -}}
{{- $_ := set $written "passcode" (merge (dict) ($written.passcode | default dict) (dict "sender" (printf "no-reply@%s" $host))) -}}
{{- $_ := set $written "publicUrl" $root.Values.publicUrl -}}
{{- $_ := set $written "relayUrl" $root.Values.relayUrl -}}
{{- $_ := set $written "httpHost" $root.Values.listenHost -}}
{{- $_ := set $written "httpPort" 8080 -}}
{{- $_ := set $written "managementHost" $root.Values.listenHost -}}
{{- $_ := set $written "managementPort" 8081 -}}
{{- $_ := set $written "drainSeconds" (include "segl.drainSeconds" . | int) -}}
{{- if $written.smtp -}}
  {{- $smtp := merge (dict) $written.smtp (dict "host" $root.Values.listenHost "port" 2525) -}}
  {{- if $smtp.certificateFile }}{{- $_ := set $smtp "tlsPort" 2465 -}}{{- end -}}
  {{- $_ := set $written "smtp" $smtp -}}
{{- end -}}
{{- $_ := set $written "roles" $roles -}}
{{- $_ := set $written "dataDir" "/var/lib/segl/data" -}}
{{- $_ := set $written "keyring" (ternary "/run/segl/keyring" "/var/lib/segl/keyring" (ne (include "segl.keysVolume" $root) "")) -}}
{{- with include "segl.eventStoreUrl" $root }}
  {{- $_ := set $written "eventStore" . -}}
  {{- if $root.Values.eventStore.existingSecret }}{{- $_ := set $stores "eventStoreCredentialsFile" "/run/segl/event-store-credentials" -}}{{- end -}}
  {{- if $root.Values.eventStore.caKey }}{{- $_ := set $stores "eventStoreCaFile" "/run/stores/event-store/ca" -}}{{- end -}}
{{- end -}}
{{- with include "segl.ephemeralStoreUrl" $root }}
  {{- $_ := set $written "ephemeralStore" . -}}
  {{- if $root.Values.ephemeralStore.existingSecret }}{{- $_ := set $stores "ephemeralPasswordFile" "/run/stores/ephemeral-store/password" -}}{{- end -}}
  {{- with $root.Values.ephemeralStore.vouchedFor }}{{- $_ := set $stores "ephemeralVouchedFor" . -}}{{- end -}}
  {{- if $root.Values.ephemeralStore.caKey }}{{- $_ := set $stores "ephemeralCaFile" "/run/stores/ephemeral-store/ca" -}}{{- end -}}
{{- end -}}
{{- if not (has "portal" $roles) -}}
  {{- $portal := printf "http://%s-portal:%v" (include "segl.fullname" $root) $root.Values.service.port -}}
  {{- $_ := set $written "console" (merge (dict) ($written.console | default dict) (dict "portalUrl" $portal)) -}}
{{- end -}}
{{- with $root.Values.personKeys.url }}
  {{- $_ := set $written "personKeys" . -}}
  {{- if $root.Values.personKeys.existingSecret }}{{- $_ := set $stores "personKeysPasswordFile" "/run/stores/person-keys/password" -}}{{- end -}}
  {{- if $root.Values.personKeys.caKey }}{{- $_ := set $stores "personKeysCaFile" "/run/stores/person-keys/ca" -}}{{- end -}}
{{- end -}}
{{- if $stores }}{{- $_ := set $written "stores" $stores -}}{{- end -}}
{{- toYaml $written -}}
{{- end -}}
