import torch


def reLU(x):
    return torch.relu(x)


def deriv_reLU(x):
    return torch.heaviside(x, torch.zeros(()))


def main():
    SeqL = 5
    NbSeq = 4
    torch.manual_seed(213)
    X_train = torch.randint(0, 2, (SeqL, NbSeq)).float()
    X_test = torch.randint(0, 2, (SeqL, NbSeq)).float()
    T_train = X_train.cumsum(0)
    T_test = X_test.cumsum(0)

    Wxs = torch.rand(1) * 2
    Wrec = torch.rand(1) * 2
    l_r = 0.001

    for i in range(600):
        s = torch.empty(SeqL, NbSeq)
        layer_1 = torch.empty(SeqL, NbSeq)
        previous = torch.zeros(NbSeq)
        for k in range(SeqL):
            s[k] = Wxs * X_train[k] + Wrec * previous
            layer_1[k] = previous = reLU(s[k])

        # gradient: delta_n flows back to all k <= n
        dWxs, dWrec = torch.Tensor(1), torch.Tensor(1)
        for n in range(SeqL):
            delta = (layer_1[n] - T_train[n]) * deriv_reLU(s[n])
            for k in range(n, -1, -1):
                dWxs += torch.dot(delta, X_train[k])
                if k == 0:
                    break
                dWrec += torch.dot(delta, layer_1[k - 1])
                delta = delta * Wrec * deriv_reLU(s[k - 1])

        Wxs.sub_(l_r * dWxs)
        Wrec.sub_(l_r * dWrec)

        if i % 100 == 0:
            print(i, ((layer_1 - T_train) ** 2).sum().item() / 2)

    print("learned:", Wxs, Wrec)
    outputs = torch.empty(SeqL, NbSeq)
    previous = torch.zeros(NbSeq)
    for k in range(SeqL):
        outputs[k] = previous = reLU(Wxs * X_test[k] + Wrec * previous)
    print(outputs)
    print(T_test)


main()
