"""Communication tests 通信测试."""
