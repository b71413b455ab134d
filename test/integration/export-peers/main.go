// Peers of exported policies: Open Policy Agent, KEDA's formula language, and KEDA's own scaler client.
//
//	export-peers rego MODULE < inputs      data.trimtab.configuration for each line of JSON
//	export-peers formula TEXT < variables  the formula's value for each line of JSON
//	export-peers keda ADDRESS CALL METADATA
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/expr-lang/expr"
	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/open-policy-agent/opa/v1/rego"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// lines calls a function with each line of JSON, and prints its answers as lines of JSON.
func lines(answer func(given map[string]any) (any, error)) {
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 1<<20), 1<<24)
	out := json.NewEncoder(os.Stdout)
	for scanner.Scan() {
		var given map[string]any
		fail(json.Unmarshal(scanner.Bytes(), &given))
		found, err := answer(given)
		fail(err)
		fail(out.Encode(found))
	}
	fail(scanner.Err())
}

func runRego(path string) {
	ctx := context.Background()
	query, err := rego.New(rego.Query("data.trimtab.configuration"), rego.Load([]string{path}, nil)).PrepareForEval(ctx)
	fail(err)
	lines(func(given map[string]any) (any, error) {
		results, err := query.Eval(ctx, rego.EvalInput(given))
		if err != nil || len(results) == 0 {
			return nil, err
		}
		return results[0].Expressions[0].Value, nil
	})
}

func runFormula(text string) {
	program, err := expr.Compile(text)
	fail(err)
	lines(func(given map[string]any) (any, error) { return expr.Run(program, given) })
}

func runKeda(address, call, metadata string) {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	fail(err)
	defer connection.Close()
	client := pb.NewExternalScalerClient(connection)
	ref := &pb.ScaledObjectRef{Name: "model", Namespace: "prod"}
	fail(json.Unmarshal([]byte(metadata), &ref.ScalerMetadata))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var answer any
	switch call {
	case "IsActive":
		answer, err = client.IsActive(ctx, ref)
	case "GetMetricSpec":
		answer, err = client.GetMetricSpec(ctx, ref)
	case "GetMetrics":
		answer, err = client.GetMetrics(ctx, &pb.GetMetricsRequest{ScaledObjectRef: ref, MetricName: "desired_replicas"})
	case "StreamIsActive":
		var stream grpc.ServerStreamingClient[pb.IsActiveResponse]
		if stream, err = client.StreamIsActive(ctx, ref); err == nil {
			answer, err = stream.Recv()
		}
	case "StreamMetricSpec":
		var stream grpc.ServerStreamingClient[pb.GetMetricSpecResponse]
		if stream, err = client.StreamMetricSpec(ctx, ref); err == nil {
			answer, err = stream.Recv()
		}
	default:
		fail(fmt.Errorf("call: expected one of the contract, found %q", call))
	}
	if err != nil {
		told, _ := status.FromError(err)
		answer = map[string]string{"code": told.Code().String(), "message": told.Message()}
	}
	fail(json.NewEncoder(os.Stdout).Encode(answer))
}

func main() {
	arguments := append(os.Args[1:], "", "", "", "")
	switch arguments[0] {
	case "rego":
		runRego(arguments[1])
	case "formula":
		runFormula(arguments[1])
	case "keda":
		runKeda(arguments[1], arguments[2], arguments[3])
	default:
		fail(fmt.Errorf("expected rego, formula or keda, found %q", arguments[0]))
	}
}
