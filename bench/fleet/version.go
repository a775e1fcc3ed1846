package fleet

import (
	"debug/buildinfo"
	"os/exec"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// number is a version in what programs print of themselves.
var number = regexp.MustCompile(`\d+\.\d+(\.\d+)?[-+.\w]*`)

// Uses notes a program with its version, which it prints when it is called with
// a flag. What does not tell is noted without.
func (f *Fleet) Uses(name, program, flag string) {
	text, _ := exec.Command(program, flag).CombinedOutput() // wrk tells, and fails
	f.note(name, number.FindString(string(text)))
}

// usesBuilt notes a program of Go by the version of its module.
func (f *Fleet) usesBuilt(name, program string) {
	if info, err := buildinfo.ReadFile(program); err == nil {
		f.note(name, info.Main.Version)
	}
}

// UsesModule notes a Go module that is linked in.
func (f *Fleet) UsesModule(path string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	for _, m := range info.Deps {
		if m.Path == path {
			f.note(path, m.Version)
		}
	}
}

func (f *Fleet) note(name, version string) {
	if text := strings.TrimSpace(name + " " + version); !slices.Contains(f.versions, text) {
		f.versions = append(f.versions, text)
	}
}

// Versions are the programs that were noted.
func (f *Fleet) Versions() []string { return f.versions }
