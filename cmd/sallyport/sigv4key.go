package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
)

// oneKey is the look-up of the one key that was given.
type oneKey struct {
	id     string
	secret secret.Value
	// anyToken: the token that comes with the key cannot be checked here.
	anyToken bool
}

// Key finds it.
func (k *oneKey) Key(accessKeyID, token string) (sigv4.Key, error) {
	switch {
	case token != "" && !k.anyToken:
		return sigv4.Key{}, sigv4.ErrInvalidToken
	case accessKeyID != k.id || k.secret.IsEmpty():
		return sigv4.Key{}, sigv4.ErrUnknownKey
	}
	return sigv4.Key{Secret: k.secret}, nil
}

// readKey reads the key that was given; nil if none was.
func (c *Sigv4CheckCmd) readKey(claimed string, result *checkedSignature) (sigv4.Keys, error) {
	switch {
	case c.Key != "":
		value, err := readSecretFile(c.SecretFile)
		if err != nil {
			return nil, err
		}
		if claimed != "" && claimed != c.Key {
			result.hint("the request is signed with the access key " + claimed + ", and --key is " + c.Key)
		}
		return &oneKey{id: c.Key, secret: value, anyToken: true}, nil
	case c.Keys != "":
		key, value, found, findings := bundle.ReadSecret(c.Keys, claimed)
		if policy.HasErrors(findings) {
			texts := make([]string, len(findings))
			for i, f := range findings {
				texts[i] = f.String()
			}
			return nil, errors.New(strings.Join(texts, "\n"))
		}
		switch {
		case !found:
			result.hint("the access key is not in " + c.Keys)
		case key.Status != bundle.Active:
			result.hint("the access key is in " + c.Keys + ", and " + key.Status)
			return &oneKey{}, nil
		}
		return &oneKey{id: key.AccessKeyID, secret: value}, nil
	}
	return nil, nil
}

// maxSecretFile is more than a secret access key has, in bytes.
const maxSecretFile = 1 << 10

// readSecretFile reads a secret; a line end behind it does not belong to it.
func readSecretFile(file string) (secret.Value, error) {
	const hint = "name a file that holds the secret access key and nothing else"
	f, err := os.Open(file)
	if err != nil {
		return secret.Value{}, unreadable(file, err, hint)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return secret.Value{}, unreadable(file, err, hint)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return secret.Value{}, withHint(fmt.Errorf("others than its owner can use %s (mode %04o)", file, info.Mode().Perm()), "run `chmod 600 "+file+"`")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile))
	if err != nil {
		return secret.Value{}, unreadable(file, err, hint)
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" || len(text) == maxSecretFile || strings.ContainsAny(value, "\r\n") {
		return secret.Value{}, withHint(fmt.Errorf("%s does not hold one line with a secret", file), hint)
	}
	return secret.New(value), nil
}
