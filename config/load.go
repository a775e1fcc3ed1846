package config

import (
	"fmt"
	"os"
)

// Load reads a configuration file. lookup finds environment variables, as
// os.LookupEnv does. The error is of type Problems if the file could be read
// but is wrong; files that it names for TLS are opened and checked too.
func Load(file string, lookup func(name string) (string, bool)) (*Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	c, d := parse(file, text, lookup)
	if c != nil {
		d.checkFiles(c)
	}
	return d.result(c)
}

// Parse is Load for a text that is at hand. file is for messages and for what
// relative paths are relative to; no file is opened.
func Parse(file string, text []byte, lookup func(name string) (string, bool)) (*Config, error) {
	c, d := parse(file, text, lookup)
	return d.result(c)
}

func parse(file string, text []byte, lookup func(name string) (string, bool)) (*Config, *decoder) {
	d := &decoder{file: file, lookup: lookup, places: map[any]position{}}
	root, ok := d.document(text)
	if !ok {
		return nil, d
	}
	c := new(Config)
	d.mapping("the configuration", root, fileKeys(c))
	d.check(c)
	d.checkKeys(c, root)
	return c, d
}

func (d *decoder) result(c *Config) (*Config, error) {
	if len(d.problems) > 0 {
		d.problems.sort()
		return nil, d.problems
	}
	return c, nil
}
