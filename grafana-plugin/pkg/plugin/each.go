package plugin

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"golang.org/x/sync/errgroup"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// maxConcurrentCalls of one query, where the API takes one instrument at a time.
const maxConcurrentCalls = 8

// each asks for several instruments at the same time, answers in their order, and leaves out those that are unknown,
// with a notice.
func each[Answer any](ctx context.Context, names []string, ask func(context.Context, string) (Answer, error)) ([]Answer, []data.Notice, error) {
	found := make([]*Answer, len(names))
	refused := make([]error, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxConcurrentCalls)
	for i, name := range names {
		group.Go(func() error {
			answer, err := ask(ctx, name)
			if tickscope.IsUnknown(err) || tickscope.IsBadRequest(err) {
				refused[i] = err
				return nil
			}
			found[i] = &answer
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	var answers []Answer
	var notices []data.Notice
	for i := range names {
		if refused[i] != nil {
			notices = append(notices, warning("%s", refused[i].Error()))
		} else if found[i] != nil {
			answers = append(answers, *found[i])
		}
	}
	return answers, notices, nil
}
