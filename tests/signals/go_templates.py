"""Go templates with and without mistakes, one a line: each form of an action, and what may be wrong in it."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

_SHOWN: Final = str.maketrans("⏎␀␠␉␍", "\n\0\xa0\t\r")
_LINES: Final = r"""
{{ $value | }}
{{ "a""b" }}
{{ "a" "b" }}
{{
}}
{{}}
{{ }}
{{/* c */}}
{{ /* c */ }}
{{- /* c */ -}}
{{/* c */ -}}
{{- $value -}}
{{-$value}}
{{-1}}
{{ 1 -}}
{{1-}}
{{$x}}
{{$x = 1}}
{{$x = 1}}{{$x}}
{{$labels.a.b}}
{{$labels.a-b}}
{{$labels."a"}}
{{ $labels["a"] }}
{{define "a"}}{{$labels}}{{end}}
{{define "a"}}{{.}}{{end}}{{template "a" .}}
{{template "zz"}}
{{block "a" .}}{{$labels}}{{end}}
{{block "a" .}}x{{end}}
{{block "a"}}x{{end}}
{{with 1}}a{{else with 2}}b{{end}}
{{if 1}}a{{else with 2}}b{{end}}
{{range 1}}a{{else if 2}}b{{end}}
{{if 1}}a{{else if 2}}b{{else}}c{{end}}
{{if 1}}a{{else}}b{{else}}c{{end}}
{{range 5}}{{break}}{{continue}}{{end}}
{{range $i := 5}}{{$i}}{{end}}
{{range $i, $v := 5}}{{$i}}{{end}}
{{range $i,}}{{end}}
{{$a, $b := 5}}
{{range $i, $v, $w := 5}}{{end}}
{{range $i $v := 5}}{{end}}
{{1 | 2}}
{{nil}}
{{nil.x}}
{{"a".x}}
{{("a").x}}
{{1.x}}
{{true.x}}
{{(1}}
{{1)}}
{{()}}
{{ if }}{{end}}
{{if 1}}
{{end}}
{{else}}
{{foo}}
{{define "a"}}x{{end}}{{define "a"}}y{{end}}
{{define "a"}} {{end}}{{define "a"}}y{{end}}
{{define "a"}}x{{end}}{{define "a"}} {{end}}
{{define a}}{{end}}
{{if 1}}{{define "a"}}{{end}}{{end}}
{{'a'}}
{{'ab'}}
{{'\n'}}
{{'}}
{{1i}}
{{1+2i}}
{{0x1F}}
{{08}}
{{08.5}}
{{1_000}}
{{1__0}}
{{1_0.5}}
{{_1}}
{{0x_1}}
{{0_7}}
{{0b_1}}
{{1_.5}}
{{1._5}}
{{1.5_}}
{{0x1p4}}
{{0x1.8}}
{{0x1.8p1}}
{{0x}}
{{0b}}
{{0b2}}
{{0o8}}
{{0b1.5}}
{{1e5}}
{{1e}}
{{1e+}}
{{0e5}}
{{-0}}
{{18446744073709551615}}
{{18446744073709551616}}
{{-9223372036854775808}}
{{-9223372036854775809}}
{{+18446744073709551615}}
{{1.5i}}
{{0x1i}}
{{1+2}}
{{1.5e3+2.5e-3i}}
{{i}}
{{.i}}
{{1e-400}}
{{9999999999999999999999}}
{{1e400}}
{{1.5}}
{{.5}}
{{5.}}
{{-.5}}
{{0b11}}
{{0o17}}
{{+1}}
{{- 1}}
{{+}}
{{1a}}
{{"\d"}}
{{"\x41"}}
{{"\xff"}}
{{"\ud800"}}
{{`a⏎b`}}
{{"a⏎b"}}
{{ $value⏎| humanize }}
{{% 1 %}}
{{ $value > 5 }}
{{ a=b }}
{{ $value | printf "%.2f" }}
{{ printf "%d" 1 2 3 }}
{{ printf}}
{{ .Foo }}
{{.}}
{{$}}
{{$.Labels.x}}
{{ .Labels . }}
{{..}}
{{.Labels..x}}
{{ é }}
{{ $é := 1 }}{{$é}}
{{ "é" }}
{{ ! }}
{{ humanize() }}
{{ humanize($value) }}
{{ (humanize $value).x }}
{{ $value.x }}
{{humanize.x}}
{{if true}}{{$z:=1}}{{end}}{{$z}}
{{with $z:=1}}{{$z}}{{else}}{{$z}}{{end}}
{{ $a := 1, 2 }}
{{ template "a" 1 2 | 3 }}
{{ template "a" | humanize }}
{{ break }}
{{ $break := 1}}
{{ .break }}
{{ if 1 }}}}{{end}}
a}}b
{ {x} }
{{{ 1 }}}
{{ {1} }}
{{ 1 }}}
{{(1).x.y}}
{{ (1)(2) }}
{{ (1) (2) }}
{{1(2)}}
{{ print(1) }}
{{print 1(2)}}
{{ $x := }}
{{ := 1 }}
{{ $x:=1 }}
{{$x :=1}}
{{ $x:1 }}
{{ $x =1}}{{ $value=1}}
{{ if $x := 1 }}{{end}}
{{ if $a, $b := 1 }}{{end}}
{{($x := 1)}}{{$x}}
{{ print ($x := 1) $x}}
{{ 1 , 2 }}
{{ $value, }}
{{range $value, }}{{end}}
{{ true false }}
{{ | 1 }}
{{ 1 | | 2 }}
{{1 | print | true}}
{{ 1 | .x }}
{{ 1 | . }}
{{ 1 | $labels }}
{{ 1 | (print) }}
{{ 1 | (1) }}
{{ ''}}
{{'\''}}
{{'\"'}}
{{'\xff'}}
{{'é'}}
{{'\u00e9'}}
{{"\'"}}
{{ else }}
{{ end 1 }}
{{break 1}}
{{ if 1 }}{{ else 1 }}{{end}}
{{/* a }}
{{/* a */ b}}
{{/**/}}
{{ range 1}}{{define "x"}}{{end}}{{end}}
{{range 1}}{{block "x" .}}{{break}}{{end}}{{end}}
{{range 1}}{{else}}{{break}}{{end}}
{{range break}}{{end}}
{{define "x"}}{{break}}{{end}}
{{ "a" -}} x {{- "b"}}
{{ "a"-}}
{{ $value-}}
{{$value -1}}
{{ $value - 1}}
{{ 1 - 1}}
{{1 -1}}
{{ 1-1 }}
{{1+1i}}
{{1+1}}
{{ /* c */ -}}
{{␉1␍⏎}}
{{␠1}}
{{1␠}}
{{␀1}}
{{-  -}}
{{- -}}
{{-  /* c */}}
{{  -}}
{{1  -}}
{{(1 -}}
{{define "a"}}x{{else}}{{end}}
{{block "a" 1}}x{{else}}{{end}}
{{define "a" }}x{{ end }}
{{define "a" 1}}x{{ end }}
{{define `a`}}{{end}}
{{template a}}
{{template "a" }}
{{template "a" $labels | print}}{{$x}}
{{template "a" $x := 1}}{{$x}}
{{with 1}}{{else with 2}}{{else}}{{end}}
{{range 1}}{{else range 2}}{{end}}
{{if 1}}{{elseif 2}}{{end}}
{{if 1}}{{else if}}{{end}}
{{if 1}}{{else if 2}}
{{if 1}}{{end}}{{end}}
{{end if}}
{{ $labels.ä }}
{{ $labels.1a }}
{{ $labels.a1 }}
{{ $labels. a }}
{{ $ }}
{{ $.x }}
{{ $1 }}
{{ .1 }}
{{ .a1 }}
{{ .x.1 }}
{{ "a"."b" }}
{{ "a".b }}
{{ . .x }}
{{ .x .y }}
{{ .x.y }}
{{ .x. y }}
{{ .x .}}
{{ $x := 1 | print }}
{{ $x := $x }}
{{ $x, $y := 1 }}
{{range $i, $v}}{{end}}
{{range $i, $labels}}{{end}}
{{range $i, $labels.x := 1}}{{end}}
{{$labels.x := 1}}
{{$x.y := 1}}
{{range $i, 5}}{{end}}
{{(range 1)}}
{{ if (1) }}{{end}}
{{ not true }}
{{ true.x }}
{{ print "a" | len }}
{{ print "a"| len }}
{{ print "a" |len}}
{{"a"|len}}
{{ print, 1}}
{{ 1,2}}
{{ print:1}}
{{ : }}
{{ :=}}
{{ = }}
{{ \ }}
{{ @ }}
{{ # }}
{{ a.b.c }}
{{ print.x }}
{{ (print 1) .x}}
{{ (print 1).x .y}}
{{ nil | print}}
{{ 1 | nil}}
{{1 | true.x}}
{{1 | "a"}}
{{1 | print.x}}
{{1 | 'a'}}
{{toDuration 1.0}}
{{now}}
{{urlQueryEscape "a"}}
{{tmpl "a" .}}
{{ $externalURL }}{{ $externalLabels.a }}{{ .ExternalURL }}
{{ $labels | $value }}
text { and } {{ "{{" }}
{{"}}"}}
{{`}}`}}
{{/* }} */}}
{{print `\d`}}
{{ "\"" }}
{{"\777"}}
{{"\377"}}
{{"\37"}}
{{"\x4"}}
{{"\u12"}}
{{"\U00110000"}}
{{ /**/ }}
{{/* a */}}{{/* b */ -}} x
{{if 1}}{{/* x */}}{{end}}
{{define "a"}}{{/* x */}}{{end}}{{define "a"}}y{{end}}{{define "a"}}{{"z"}}{{end}}
{{define "a"}}{{""}}{{end}}{{define "a"}}y{{end}}
{{define "a"}}{{define "b"}}{{end}}{{end}}
{{block "a" .}}{{block "b" .}}{{end}}{{end}}
{{block "a" .}}{{define "b"}}{{end}}{{end}}
{{define "x"}}␠{{end}}{{define "x"}}a{{end}}
""".strip()
TEXTS: Final = [line.translate(_SHOWN) for line in _LINES.splitlines()]

# What a template may do with labels and a value. Lines are expanded with few labels: `job` and `instance`.
EXPANSIONS: Final = r"""
{{ printf "%v %s %d %.2f %5.1f|%-6s|%6s|%t|%%" $value "a" 5 $value $value "x" "y" true }}
{{ printf "%06.2f|%+.1f|%e|%.3e|%g|%.4g" $value $value $value $value $value $value }}
{{ printf "%s" $value }}
{{ printf "%d" $value }}
{{ printf "%q" "a" }}
{{ printf "%5d|%-5d|%05d|%+d" 3 3 3 3 }}
{{ printf "%v %v %v" true nil $labels }}
{{ printf "%.3s" "abcdef" }}
{{ printf "% d" 3 }}
{{ printf "%f" $value }}
{{ printf "%.f" $value }}
{{ printf "%6.2f%%" $value }}
{{ printf "a" 1 }}
{{ printf "%s" }}
{{ print 1 2 "a" 3 4 "b" "c" 1.5 true nil }}
{{ println 1 "a" 2 }}
{{ print $value 1e6 1e20 1e21 1e-4 1e-5 123456789.0 0.1 -0.0 }}
{{ 1e6 }} {{ 100 }} {{ 1.0 }} {{ 'a' }} {{ true }}
{{ len "äb" }} {{ len $labels }}
{{ index $labels "job" }}{{ index $labels "nope" }}{{ index $labels }}
{{ "job" | index $labels }}
{{ if eq $value 0.5 3.0 }}a{{ else if gt $value 2.0 }}b{{ else }}c{{ end }}
{{ if eq $value 1 }}a{{ end }}
{{ lt 1 2 }}{{ le 2 2 }}{{ gt "b" "a" }}{{ ge 1.5 1.5 }}{{ ne "a" "b" }}{{ eq true true }}
{{ lt true false }}
{{ eq nil nil }}
{{ and 0 1 }}{{ and 1 0.0 }}{{ or "" "x" }}{{ or 0 "" }}{{ not 0 }}{{ not "a" }}
{{ and true (index $labels) "x" }}{{ or 1 $externalURL }}
{{ with $labels.job }}[{{ . }}]{{ else }}none{{ end }}
{{ with .Labels }}{{ .job }}{{ $.Value }}{{ end }}
{{ with $x := 5 }}{{ $x }}{{ end }}
{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}
{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}
{{ $y = 1 }}
{{ if true }}{{ $z := 1 }}{{ else }}{{ $z }}{{ end }}
{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}
{{ range $v := $labels }}{{ $v }};{{ . }}{{ end }}
{{ range $labels }}{{ . }}{{ break }}{{ end }}
{{ range $k, $v := $labels }}{{ if eq $k "job" }}{{ continue }}{{ end }}{{ $k }}{{ end }}
{{ range $labels }}{{ else }}x{{ end }}
{{ range 3 }}{{ . }}{{ end }}
{{ define "a" }}<{{ . }}>{{ end }}{{ template "a" $value }}{{ template "a" "x" }}
{{ define "a" }}{{ $.Labels.job }}{{ .Value }}{{ end }}{{ template "a" . }}
{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}
{{ block "b" $labels.job }}({{ . }}){{ end }}
{{ template "a" }}
{{ toUpper "aé" }}{{ toLower "AÉ" }}
{{ title "hello wORLD foo-bar" }}
{{ title "a_b it's 1a" }}
{{ $labels.job | toUpper | printf "%s!" }}
{{ humanize "1234" }}{{ humanize 1234 }}{{ humanize 12345678 }}
{{ humanizeDuration "90" }}{{ humanizePercentage 0.1234 }}{{ humanize1024 "2048" }}
{{ humanize "x" }}
{{ humanize " 1" }}
{{ humanize "+Inf" }}{{ humanize "NaN" }}{{ humanize "0x10" }}
{{ humanizeTimestamp 1700000000.5 }}
{{ humanizeDuration true }}
{{ match "a.*" "xab" }}{{ match "^b" "ab" }}{{ reReplaceAll "[0-9]+" "N" "a12b3" }}
{{ reReplaceAll "(a)" "$1$1" "ba" }}
{{ reReplaceAll "(.*)" "<$1>" "abc" }}{{ reReplaceAll "(.*):.*" "${1}x$1x-$$-$0$" $labels.instance }}
{{ reReplaceAll "b*" "-" "abcb" }}{{ reReplaceAll "|b" "-" "abc" }}{{ reReplaceAll "x*" "-" "äx" }}
{{ reReplaceAll "(?P<host>.*):(?P<port>.*)" "$host at ${port}$nope$9" $labels.instance }}
{{ reReplaceAll "\\d|[\\w]|\\s" "N" "a३ é\v\n_" }}{{ match "\\D" "३" }}{{ match "[^\\S]" "\v" }}
{{ reReplaceAll "[^\\W]" "w" "é[a`~_-" }}{{ reReplaceAll "[\\S]|[^\\D]" "s" "\x1c 1\r" }}{{ match "\\d" "३" }}
{{ reReplaceAll `\d` "" "a1" }}
{{ match "(" "a" }}
{{ urlquery "a b&c" "d" 1 2 }}{{ urlquery "~é/" }}
{{ safeHtml "<a>" }}
{{ .Foo }}
{{ $labels.a.b }}
{{ $value.x }}
{{ "a" | printf "%s-%s" "b" }}
{{ 1 | "a" | print }}
{{ $value 1 }}
{{ .Labels }}
{{ $labels }}
{{ . }}
{{ nil }}
{{ (print "a" | len) }}
{{ ("a") }}{{ (nil) }}
{{ print (nil) }}
{{ if nil }}a{{ end }}
{{ print }}|{{ len }}
{{ eq 1 }}
{{ eq 1 1.0 }}
{{ eq "a" 1 }}
{{ $value | }}
{{- " a " -}} b {{- "c" }}
{{ 'a' | printf "%c" }}
{{ slice "abc" 1 2 }}
{{ printf "%v" 1.0 }}{{ printf "%v" 'a' }}
{{ 1_000 }}{{ 0x1F }}{{ 017 }}{{ -5 }}
{{ or }}
{{ and }}
{{ and "a" }}
{{ not }}
{{ print $labels.job 1 2 }}
{{ if .Labels.job }}y{{ end }}{{ if $labels.nope }}n{{ end }}
{{ if . }}d{{ end }}{{ with . }}{{ .Value }}{{ end }}
""".strip().splitlines()

_PIECES: Final = (
    "{{", "}}", "{{- ", " -}}", " ", "\n", "a", "(", ")", "|", ":=", "=", ",", ".", "$", "-", '"', "`", "'",
    "/*", "*/", "$x", "$labels", ".Value", ".x", "$value", "print", "humanize", "foo", "if", "else",
    "else if", "else with", "end", "range", "with", "define", "block", "template", "break", "continue", "nil",
    "true", '"a"', "`b`", "'c'", "1", "-1.5", "0x1F", "1_000", "08", "1e3", "1+2i", "{{ end }}", "{{ else }}",
    "{{ if $value }}", "{{/* c */}}",
)  # fmt: skip
_VALUES: Final = st.sampled_from(
    (
        "$value",
        "$labels.job",
        ".",
        ".Labels.job",
        '"a"',
        "`b`",
        "'c'",
        "1",
        "-1.5",
        "true",
        "nil",
        "print",
        "$",
    )
)


def _commands(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arguments = st.lists(st.one_of(_VALUES, inner.map("({})".format)), min_size=1, max_size=3)
    return arguments.map(lambda found: " ".join(["printf", *found]))


_PIPES: Final = st.recursive(
    _VALUES, lambda inner: st.one_of(_commands(inner), inner.map("{} | len".format)), max_leaves=4
)


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    words = ("if", "with", "range", "range $i, $x :=", "with $y :=")
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.builds("{{{{ {} {} }}}}{}{{{{ end }}}}".format, st.sampled_from(words), _PIPES, inner),
        st.builds("{{{{ if {} }}}}{}{{{{- else if $value }}}}{}{{{{ end }}}}".format, _PIPES, inner, inner),
        st.builds("{{{{ range {} }}}}{}{{{{else}}}}{}{{{{ end }}}}".format, _PIPES, inner, inner),
        st.builds('{{{{ define "{}" }}}}{}{{{{ end }}}}'.format, st.sampled_from("ab"), inner),
    )


WHOLE: Final = st.recursive(
    st.one_of(
        st.sampled_from(["text", " ", '{{ template "a" . }}', "{{ $x := 1 }}", "{{ $x := 1 }}{{ $x }}"]),
        _PIPES.map("{{{{ {} }}}}".format),
    ),
    _blocks,
    max_leaves=6,
)
"""Templates, most of them without mistakes."""


@st.composite
def broken(draw: st.DrawFn) -> str:
    """Draw a template in which a piece is added or up to three characters are replaced or removed."""
    text = draw(WHOLE)
    start = draw(st.integers(0, len(text)))
    end = start + draw(st.integers(0, 3))
    return text[:start] + draw(st.sampled_from(("", *_PIECES))) + text[end:]
