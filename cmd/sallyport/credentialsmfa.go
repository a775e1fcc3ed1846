package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// secondFactor is a second factor that goes with a call.
type secondFactor struct {
	Serial    string `name:"mfa-serial" placeholder:"ARN" help:"Serial number of the MFA device of who makes the call."`
	TokenCode string `name:"token-code" placeholder:"CODE" help:"Code that the MFA device shows; asked for on the terminal without it."`
}

// check tells what of the flags does not go together.
func (f *secondFactor) check(s *credentialsSource) error {
	switch {
	case f.Serial != "" && s.withToken():
		return usageError("AssumeRoleWithWebIdentity knows no MFA devices", "leave out --mfa-serial; AWS_WEB_IDENTITY_TOKEN_FILE counts as a token, too")
	case f.TokenCode != "" && f.Serial == "":
		return usageError("a code is of a device", "name it with --mfa-serial")
	case f.TokenCode != "" && !isCode(f.TokenCode):
		return usageError("a code of an MFA device has six digits")
	}
	return nil
}

// promptTimeout is how long a person may take to type a code.
const promptTimeout = 2 * time.Minute

func isCode(text string) bool {
	return len(text) == 6 && strings.Trim(text, "0123456789") == ""
}

// code is the code given, or asked for; empty without a device.
func (f *secondFactor) code(ctx context.Context) (string, error) {
	if f.Serial == "" || f.TokenCode != "" {
		return f.TokenCode, nil
	}
	// Standard input and output belong to whoever runs a credential_process.
	terminal, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return "", withHint(errors.New("the code of the MFA device is needed, and there is no terminal to ask on"), "give it with --token-code")
	}
	defer terminal.Close()
	ctx, cancel := context.WithTimeout(ctx, promptTimeout)
	defer cancel()
	type answer struct {
		code string
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // a terminal cannot be waited for with a deadline
		code, err := askCode(terminal, f.Serial)
		answers <- answer{code, err}
	}()
	select {
	case a := <-answers:
		return a.code, a.err
	case <-ctx.Done():
		return "", errors.New("nobody gave the code of the MFA device in time")
	}
}

func askCode(terminal io.ReadWriter, serial string) (string, error) {
	if _, err := fmt.Fprintf(terminal, "Code of the MFA device %s: ", serial); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(io.LimitReader(terminal, 64)).ReadString('\n')
	if code := strings.TrimSpace(line); isCode(code) {
		return code, nil
	}
	if err != nil {
		return "", fmt.Errorf("the code of the MFA device: %w", err)
	}
	return "", errors.New("a code of an MFA device has six digits")
}
