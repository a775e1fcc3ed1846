package main

import (
	"runtime"
	"runtime/debug"
)

// version may be set by the linker: -ldflags "-X main.version=v1.2.3". Without
// it the version control stamp of the build speaks.
var version string

// build is what is known of how this binary was made.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"commit_time,omitempty"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// buildInfo reads the stamps that the Go tool chain left in the binary.
func buildInfo() build {
	b := build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.time":
			b.Time = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	if b.Version == "" {
		b.Version = "(devel)"
	}
	return b
}

// VersionCmd prints what this binary is.
type VersionCmd struct {
	Format
}

// Help shows an example.
func (VersionCmd) Help() string {
	return "Example:\n\n    sallyport version -o json\n"
}

// Run prints the version.
func (v *VersionCmd) Run(console *Console) error {
	b := buildInfo()
	rows := [][]string{{"version", b.Version}, {"go", b.Go}, {"platform", b.Platform}}
	if b.Commit != "" {
		commit := b.Commit
		if b.Modified {
			commit += " (modified)"
		}
		rows = append(rows, []string{"commit", commit}, []string{"commit time", b.Time})
	}
	return console.Print(v.Format, b, nil, rows)
}
