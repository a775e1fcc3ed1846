package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
)

// keptCredentials is a cache file: an answer, and to which question.
type keptCredentials struct {
	Question    string
	Credentials printedCredentials
}

// longestCache bounds a cache file; a session token takes 4 KiB at most.
const longestCache = 64 << 10

// remaining is how long credentials of a cache must still hold to be printed: SDKs
// ask again for those that hold less.
const remaining = 5 * time.Minute

// readCredentials reads what a cache file holds in answer to a question; nil if
// that is nothing, or about to expire. What is no cache file at all is an error:
// it would be written over.
func readCredentials(path, question string, now time.Time) (*temporary, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the cache of credentials: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, withHint(fmt.Errorf("the cache of credentials %s has mode %s, and others must not get at it", path, info.Mode()),
			"make it readable by its owner alone: chmod 600 "+path)
	}
	text, err := readBounded(path, longestCache)
	if err != nil {
		return nil, fmt.Errorf("the cache of credentials: %w", err)
	}
	var kept keptCredentials
	if err := json.Unmarshal([]byte(text), &kept); err != nil || kept.Question == "" {
		return nil, withHint(fmt.Errorf("%s is no cache of credentials", path), "remove it, or name another file with --cache")
	}
	c := kept.Credentials
	if kept.Question != question || c.Expiration.Sub(now) < remaining {
		return nil, nil
	}
	return &temporary{c.AccessKeyID, secret.New(c.SecretAccessKey), secret.New(c.SessionToken), c.Expiration}, nil
}

// writeCredentials keeps an answer, whole or not at all.
func writeCredentials(path, question string, t *temporary) error {
	text, err := json.Marshal(keptCredentials{question, t.printed()})
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".credentials-") // with mode 0600
	if err != nil {
		return fmt.Errorf("the cache of credentials: %w", err)
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("the cache of credentials: %w", err)
	}
	return nil
}
