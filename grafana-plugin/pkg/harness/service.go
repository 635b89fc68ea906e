// Package harness starts the real neighbours for tests and benches: a Tickscope on its simulator, and the built back
// end spoken to as Grafana does.
package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	startPatience = 60 * time.Second
	stopPatience  = 30 * time.Second
)

// ErrNotBuilt: this checkout's Tickscope cannot be started, because `npm ci` was not run or node is missing.
var ErrNotBuilt = errors.New("there is no built Tickscope: run `npm ci` in the repository's root, with node on the path")

// Service is a Tickscope in a process of its own, on embedded PostgreSQL and the simulator.
type Service struct {
	URL    string
	Folder string

	port    int
	env     []string
	command *exec.Cmd
	ended   chan error
	output  *lockedBuffer
}

// StartService runs `tickscope serve` of the repository at root; env are further NAME=value. TICKSCOPE_BIN names
// another build of it. The caller must call Remove.
func StartService(ctx context.Context, root string, env ...string) (*Service, error) {
	folder, err := os.MkdirTemp("", "tickscope-plugin-")
	if err != nil {
		return nil, err
	}
	// The embedded database runs as a user of its own where the tests run as root.
	if err := os.Chmod(folder, 0o755); err != nil { //nolint:gosec
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	service := &Service{URL: fmt.Sprintf("http://127.0.0.1:%d", port), Folder: folder, port: port}
	service.env = append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + os.Getenv("HOME"),
		"SIMULATOR_CALENDAR=nonstop",
		"TICKSCOPE_PORT=" + strconv.Itoa(port),
		"TICKSCOPE_DATA_DIR=" + filepath.Join(folder, "data"),
		"LOG_LEVEL=warn",
	}, env...)
	if err := service.Start(ctx, root); err != nil {
		service.Remove()
		return nil, err
	}
	return service, nil
}

// Start runs it (again) at the same address, with the same data, and waits until it answers.
func (s *Service) Start(ctx context.Context, root string) error {
	program := os.Getenv("TICKSCOPE_BIN")
	if program == "" {
		program = filepath.Join(root, "ingest", "bin", "tickscope.js")
		if _, err := os.Stat(filepath.Join(root, "ingest", "dist", "src", "cli", "main.js")); err != nil {
			return ErrNotBuilt
		}
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return ErrNotBuilt
	}
	s.output = &lockedBuffer{}
	s.command = exec.Command(node, program, "serve") //nolint:gosec
	s.command.Dir, s.command.Env = s.Folder, s.env
	s.command.Stdout, s.command.Stderr = s.output, s.output
	if err := s.command.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	s.ended = ended
	go func(command *exec.Cmd) { ended <- command.Wait() }(s.command)
	return s.ready(ctx)
}

func (s *Service) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/health/ready", nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("tickscope ended before it was ready (%w):\n%s", err, s.output)
		case <-ctx.Done():
			return fmt.Errorf("tickscope was not ready in time:\n%s", s.output)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Stop ends it as Ctrl-C does and waits; its data stays. Twice is safe.
func (s *Service) Stop() {
	if s.command == nil || s.command.Process == nil {
		return
	}
	_ = s.command.Process.Signal(syscall.SIGINT)
	select {
	case err := <-s.ended:
		s.ended <- err
	case <-time.After(stopPatience):
		_ = s.command.Process.Kill()
	}
	s.command = nil
}

// Remove stops it and deletes its data.
func (s *Service) Remove() {
	s.Stop()
	_ = os.RemoveAll(s.Folder)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

type lockedBuffer struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.String()
}
