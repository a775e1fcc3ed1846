package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/config"
)

// auditPatience bounds the end of the process where nobody takes its records.
const auditPatience = 5 * time.Second

// openAudit opens the place where records go.
func (s *server) openAudit(registry *prometheus.Registry) error {
	output, err := auditOutput(s.cfg.Audit.Output)
	if err != nil {
		return fmt.Errorf("opening audit.output: %w", err)
	}
	o := audit.Options{Output: output, Logger: s.logger}
	if s.cfg.Audit.WhenFull == config.AuditRefuse {
		o.WhenFull = audit.Refuse
	}
	s.audit = audit.New(o)
	registerAudit(registry, s.audit)
	return nil
}

func auditOutput(to string) (io.Writer, error) {
	switch to {
	case config.AuditNone:
		return nil, nil
	case config.AuditStdout, config.AuditStderr:
		// A reader that went away must not end the process: it is an error of
		// the output like any other.
		signal.Ignore(syscall.SIGPIPE)
		if to == config.AuditStderr {
			return os.Stderr, nil
		}
		return os.Stdout, nil
	}
	return os.OpenFile(to, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
}

// closeAudit writes what is queued, if there is somebody to take it.
func (s *server) closeAudit() {
	ctx, cancel := context.WithTimeout(context.Background(), auditPatience)
	defer cancel()
	if err := s.audit.Close(ctx); err != nil {
		s.logger.Error("the audit log is incomplete", zap.Error(err))
	}
}

// registerAudit registers the counters of records.
func registerAudit(registry *prometheus.Registry, log *audit.Log) {
	registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sallyport_audit_written_total",
			Help: "Audit records written.",
		}, func() float64 { return float64(log.Written()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sallyport_audit_dropped_total",
			Help: "Audit records lost, because nobody took them or because they could not be written.",
		}, func() float64 { return float64(log.Dropped()) }),
	)
}
