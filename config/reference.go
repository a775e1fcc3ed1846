package config

import (
	"fmt"
	"io"
	"strings"
)

//go:generate go test -run TestReferenceIsCurrent . -update

// Minimal is a configuration file with the least that Sallyport starts with; it
// stands at the head of the reference.
const Minimal = `doors:
  - name: s3
    listen: 127.0.0.1:9000
    routes:
      - name: main
        service: s3
        regions: [us-east-1]
        upstream: store
upstreams:
  - name: store
    endpoint: http://127.0.0.1:7070
    credentials:
      access_key_id: ${STORE_ACCESS_KEY_ID}
      secret_access_key: ${STORE_SECRET_ACCESS_KEY}
bundle:
  directory: bundle
keys:
  files: [keys.yaml]
`

const preface = `<!-- Made by "make generate" from the package config. Do not edit. -->

# The configuration file

` + "`sallyport serve --config sallyport.yaml`" + ` reads one YAML file. The least it needs:

` + "```yaml\n" + Minimal + "```" + `

The file is checked whole before anything starts, and ` + "`sallyport config check sallyport.yaml`" + `
does the same without starting: everything that is wrong is listed at once as
` + "`file:line:column: what; remedy`" + `. An unknown key is an error. Changes take effect
with the next start; policies, keys of users and TLS certificates are read again
while Sallyport runs.

**Variables.** In a text, ` + "`${NAME}`" + ` stands for the environment variable NAME, which
must be set, and ` + "`$$`" + ` for a dollar sign. What a variable holds is taken as text,
never as YAML.

**Paths** that are relative begin at the directory of the file.

**Forms of values**

| form | written as |
|---|---|
| duration | a number and a unit: ` + "`250ms`, `30s`, `2m`, `1h30m`" + ` |
| size | whole bytes, or a whole number and ` + "`KiB`, `MiB`, `GiB`, `TiB`" + ` |
| address | ` + "`HOST:PORT`; `:PORT`" + ` is every interface |
| network | ` + "`10.0.0.0/8`, `2001:db8::/32`" + `, or a single address |
| name | up to 63 lower-case letters, digits and ` + "`-`" + ` |
| account id | 12 digits in quotes |
| list | ` + "`[a, b]`, or `- `" + ` before each element; never empty |

Of YAML, mappings, lists and plain, quoted and block texts are understood; anchors,
aliases, tags and a second document are refused.
`

// WriteReference writes the reference of the file as Markdown, made from the
// declaration of the keys.
func WriteReference(w io.Writer) error {
	var out strings.Builder
	out.WriteString(preface)
	top := section[Config]{into: new(Config), keys: fileKeys}.describe()
	writeKeys(&out, "", "", top.keys)
	_, err := io.WriteString(w, out.String())
	return err
}

// writeKeys writes the table of an object and then the objects below it.
func writeKeys(out *strings.Builder, path, meaning string, keys object) {
	title := "The whole file"
	if path != "" {
		title = "`" + path + "`"
	}
	fmt.Fprintf(out, "\n## %s\n\n", title)
	if meaning != "" {
		fmt.Fprintf(out, "%s\n\n", meaning)
	}
	out.WriteString("| key | value | default | meaning |\n|---|---|---|---|\n")
	for _, k := range keys {
		d := k.value.describe()
		fallback := "–"
		switch {
		case k.required:
			fallback = "required"
		case d.fallback != "":
			fallback = "`" + d.fallback + "`"
		}
		kind := d.kind
		if d.keys != nil {
			below := below(path, k.name, d)
			kind = fmt.Sprintf("[%s](#%s)", d.kind, anchor(below))
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", k.name, kind, fallback, k.meaning)
	}
	for _, k := range keys {
		if d := k.value.describe(); d.keys != nil {
			writeKeys(out, below(path, k.name, d), k.meaning, d.keys)
		}
	}
}

// below is the path of an object below another, as the headings have it.
func below(path, name string, d description) string {
	if path != "" {
		name = path + "." + name
	}
	if d.list {
		name += "[]"
	}
	return name
}

// anchor is the fragment that Markdown renderers give a heading.
func anchor(heading string) string {
	return strings.NewReplacer(".", "", "[", "", "]", "").Replace(heading)
}
