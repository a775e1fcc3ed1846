package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// maxLinks bounds the symbolic links on the way to one file.
const maxLinks = 40

// watchpoints are the directories where a change can make path lead elsewhere:
// those that hold the links on the way to it and its own parent, each with the
// names in it that matter.
func watchpoints(path string) map[string][]string {
	points := map[string][]string{}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return points
	}
	links := 0
	at := "/"
	rest := strings.Split(strings.Trim(filepath.ToSlash(absolute), "/"), "/")
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		target, err := os.Readlink(filepath.Join(at, name))
		if err != nil {
			if len(rest) == 0 {
				points[at] = append(points[at], name)
			} else if _, err := os.Lstat(filepath.Join(at, name)); err != nil {
				// The way ends here: wait for it to be made.
				points[at] = append(points[at], name)
				return points
			}
			at = filepath.Join(at, name)
			continue
		}
		points[at] = append(points[at], name)
		if links++; links > maxLinks {
			return points
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(filepath.ToSlash(target), "/"), rest...)
	}
	return points
}

// realPath is where a path leads: absolute and without symbolic links.
func realPath(path string) (string, error) {
	if path == "" {
		return "", errors.New("no directory is named")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// swapPath is the directory that a reading of a bundle would read now; empty if
// there is none.
func swapPath(directory string) string {
	real, err := realPath(directory)
	if err != nil {
		return ""
	}
	if target, err := os.Readlink(filepath.Join(real, dataLink)); err == nil {
		return filepath.Join(real, target)
	}
	return real
}
