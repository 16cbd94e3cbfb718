{#- The same as a script of its own, for an app whose page is a plain file:

        <script src="/config.js"></script> -#}
{{- header("Cache-Control", "no-store") -}}
window.config = {{ config|tojson }};
